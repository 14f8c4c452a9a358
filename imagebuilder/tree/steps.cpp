// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/steps.h"

#include <deque>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kTailLines = 40;
constexpr const char* kCopySource = "/run/muster/copy";

constexpr const char* kWriteFile = R"script(
mkdir -p "${1%/*}/"
rm -f "$1"
cat >"$1"
chown "$2" "$1"
chmod "$3" "$1"
)script";

// $1 target, $2 owner, $3 mode or empty.
constexpr const char* kCopy = R"script(
from=/run/muster/copy
if [ -d "$from" ]; then
    mkdir -p "$1"
    cd "$from"
    find . -mindepth 1 -print0 |
        tar --null --no-recursion -T - --owner="${2%:*}" --group="${2#*:}" -cf - |
        tar -xpf - -C "$1"
else
    target=$1
    case $target in
        */) target=$target$4 ;;
    esac
    mkdir -p "${target%/*}/"
    rm -f "$target"
    cp -p "$from" "$target"
    chown "$2" "$target"
    [ -z "$3" ] || chmod "$3" "$target"
fi
)script";

// $1 name, $2 shell, $3 groups joined by commas, $4 password hash, $5 "system" or empty; the
// authorized keys come on standard input.
constexpr const char* kAddUser = R"script(
for group in $(echo "$3" | tr , ' '); do
    getent group "$group" >/dev/null || groupadd --system "$group"
done
if ! getent passwd "$1" >/dev/null; then
    useradd ${5:+--system} --create-home --shell "$2" "$1"
fi
[ -z "$3" ] || usermod --append --groups "$3" "$1"
[ -z "$4" ] || printf '%s:%s\n' "$1" "$4" | chpasswd --encrypted
keys=$(cat)
if [ -n "$keys" ]; then
    home=$(getent passwd "$1" | cut -d: -f6)
    install -d -m 0700 -o "$1" -g "$(id -g "$1")" "$home/.ssh"
    printf '%s\n' "$keys" >"$home/.ssh/authorized_keys"
    chown "$1:$(id -g "$1")" "$home/.ssh/authorized_keys"
    chmod 0600 "$home/.ssh/authorized_keys"
fi
)script";

// The end of what a step printed, whole lines.
class OutputTail {
  public:
    void add(std::string_view piece) {
        for (const char c : piece) {
            if (c == '\n') {
                lines_.push_back(std::move(line_));
                line_.clear();
                if (lines_.size() > kTailLines) {
                    lines_.pop_front();
                }
            } else if (line_.size() < 1000) {
                line_ += c;
            }
        }
    }
    std::string text() const {
        std::string text;
        for (const std::string& line : lines_) {
            text += "\n    " + line;
        }
        return line_.empty() ? text : text + "\n    " + line_;
    }
    std::string describe(std::string_view what, int status) const {
        const std::string lines = text();
        return fmt::format("'{}' {}{}{}", what, base::describe_status(status),
                           lines.empty() ? "; it printed nothing" : "; its last lines:", lines);
    }

  private:
    std::deque<std::string> lines_;
    std::string line_;
};

struct Applier {
    const StepContext& context;
    const fs::path& folder;
    const std::string what;

    std::string run(const Sandbox& sandbox, const std::vector<std::string>& argv,
                    const std::string& stdin_data = "") const;
    void operator()(const InstallPackages& packages) const;
    void operator()(const CopyFiles& copy) const;
    template <typename Other>
    void operator()(const Other& action) const;
};

std::string Applier::run(const Sandbox& sandbox, const std::vector<std::string>& argv,
                         const std::string& stdin_data) const {
    base::Command command = command_in_tree(sandbox, argv);
    command.stdin_data = stdin_data;
    OutputTail tail;
    command.on_output = [&](std::string_view piece) {
        tail.add(piece);
        if (context.on_output) {
            context.on_output(piece);
        }
    };
    base::RunResult result = base::run(command);
    if (result.status != 0) {
        std::vector<std::string> again{"chroot", sandbox.tree.string()};
        again.insert(again.end(), argv.begin(), argv.end());
        throw Error(ErrorKind::external, tail.describe(what, result.status),
                    "in a tree that is kept: " + command_as_owner(again).to_string());
    }
    return std::move(result.out);
}

void Applier::operator()(const InstallPackages& packages) const {
    if (packages.names.empty()) {
        return;
    }
    if (context.apt == nullptr && !context.own_sources) {
        throw Error(ErrorKind::unsupported, "this tree has no package sources");
    }
    std::optional<base::FileLock> lock;
    if (context.apt != nullptr) {
        lock.emplace(context.apt->folder / "install.lock");
    }
    std::vector<std::string> argv{"apt-get", "-q",
                                  "-y",      "--no-install-recommends",
                                  "-o",      "Dpkg::Use-Pty=0",
                                  "-o",      "Dpkg::Options::=--force-unsafe-io",
                                  "-o",      "Dpkg::Options::=--force-confdef",
                                  "-o",      "Dpkg::Options::=--force-confold",
                                  "install", "--"};
    argv.insert(argv.end(), packages.names.begin(), packages.names.end());
    try {
        run(sandbox_of(context), argv);
    } catch (const Error& error) {
        // Packages named by an index of yesterday may have been replaced.
        if (context.apt == nullptr || error.message().find("404  Not Found") == std::string::npos) {
            throw;
        }
        refresh_apt_index(*context.apt);
        run(sandbox_of(context), argv);
    }
}

void Applier::operator()(const CopyFiles& copy) const {
    const fs::path from = source_of_copy(copy, folder);
    Sandbox sandbox = sandbox_of(context);
    sandbox.binds.emplace_back(from, kCopySource);
    run(sandbox, {"sh", "-e", "-c", kCopy, "sh", copy.to, copy.owner,
                  copy.permissions ? fmt::format("{:04o}", *copy.permissions) : "",
                  (folder / copy.from).filename().string()});
}

// All others are one program.
template <typename Other>
void Applier::operator()(const Other& action) const {
    const TreeCommand command = *command_of(action);
    run(sandbox_of(context), command.argv, command.stdin_data);
}

TreeCommand command_for(const AddUser& user) {
    std::string groups;
    for (const std::string& group : user.groups) {
        groups += (groups.empty() ? "" : ",") + group;
    }
    std::string keys;
    for (const std::string& key : user.ssh_authorized_keys) {
        keys += key + "\n";
    }
    return {{"sh", "-e", "-c", kAddUser, "sh", user.name, user.shell, groups, user.password_hash,
             user.system ? "system" : ""},
            keys};
}

TreeCommand command_for(const WriteFile& file) {
    return {{"sh", "-e", "-c", kWriteFile, "sh", file.path, file.owner,
             fmt::format("{:04o}", file.permissions)},
            file.content};
}

TreeCommand command_for(const RunCommand& command) {
    return {{"sh", "-e", "-c", command.script}, ""};
}

TreeCommand command_for(const UnitsChange& change) {
    using Verb = UnitsChange::Verb;
    const char* verb = change.verb == Verb::enable    ? "enable"
                       : change.verb == Verb::disable ? "disable"
                                                      : "mask";
    std::vector<std::string> argv{"systemctl", "--quiet", verb, "--"};
    argv.insert(argv.end(), change.units.begin(), change.units.end());
    return {argv, ""};
}

struct CommandOf {
    std::optional<TreeCommand> operator()(const InstallPackages&) const { return std::nullopt; }
    std::optional<TreeCommand> operator()(const CopyFiles&) const { return std::nullopt; }
    template <typename Other>
    std::optional<TreeCommand> operator()(const Other& action) const {
        return command_for(action);
    }
};

}  // namespace

std::optional<TreeCommand> command_of(const Action& action) {
    return std::visit(CommandOf{}, action);
}

fs::path source_of_copy(const CopyFiles& copy, const fs::path& folder) {
    const fs::path from = folder / copy.from;
    if (!fs::exists(from)) {
        throw Error(ErrorKind::not_found, fmt::format("there is no '{}' to copy", from.string()));
    }
    const fs::path real = fs::canonical(from);
    const fs::path top = fs::canonical(folder);
    if (std::mismatch(top.begin(), top.end(), real.begin(), real.end()).first != top.end()) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("'{}' leads out of the recipe's folder", from.string()));
    }
    return real;
}

std::string describe_failure(std::string_view what, int status, std::string_view output) {
    OutputTail tail;
    tail.add(output);
    return tail.describe(what, status);
}

Sandbox sandbox_of(const StepContext& context) {
    Sandbox sandbox;
    sandbox.tree = context.tree;
    sandbox.mount = context.mount;
    if (context.apt != nullptr) {
        sandbox.binds = apt_binds(*context.apt);
        sandbox.env = apt_env();
    } else if (context.own_sources) {
        sandbox.binds = {{"/etc/resolv.conf", "/etc/resolv.conf"}, {"/etc/hosts", "/etc/hosts"}};
    }
    return sandbox;
}

void apply_step(const StepContext& context, const fs::path& folder, const Step& step) {
    base::in_context(step.where, [&] {
        std::visit(Applier{context, folder, describe(step.action)}, step.action);
    });
}

std::string run_script(const StepContext& context, const std::string& script,
                       const std::vector<std::string>& arguments, std::string_view what,
                       const std::string& stdin_data) {
    std::vector<std::string> argv{"sh", "-e", "-c", script, "sh"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const fs::path none;
    return Applier{context, none, std::string(what)}.run(sandbox_of(context), argv, stdin_data);
}

void write_in_tree(const StepContext& context, const WriteFile& file) {
    const fs::path none;
    Applier{context, none, "write " + file.path}(file);
}

}  // namespace imagebuilder
