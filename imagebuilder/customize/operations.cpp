// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/customize/operations.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <sstream>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;
using base::shell_quote;

constexpr std::array<OperationHelp, 30> kOperations{{
    {"install", "PKG,PKG…", "install packages"},
    {"uninstall", "PKG,PKG…", "remove packages"},
    {"update", "", "bring all packages up to date"},
    {"run-command", "COMMAND", "run a shell command in the image"},
    {"run", "SCRIPT", "run a script of this host in the image"},
    {"copy-in", "LOCAL:DIR", "copy a file or folder of this host into a folder of the image"},
    {"upload", "LOCAL:FILE", "copy a file of this host to this path in the image"},
    {"write", "FILE:TEXT", "write a file"},
    {"append-line", "FILE:LINE", "add a line at the end of a file"},
    {"edit", "FILE:EXPR", "change a file by a Perl expression, line by line"},
    {"copy", "FROM:TO", "copy in the image"},
    {"move", "FROM:TO", "move in the image"},
    {"link", "TARGET:LINK[:LINK…]", "make symbolic links"},
    {"mkdir", "DIR", "make a folder, with its parents"},
    {"delete", "PATH", "delete a file or folder; * and ? match"},
    {"touch", "FILE", "make an empty file, or set its time"},
    {"truncate", "FILE", "empty a file"},
    {"truncate-recursive", "DIR", "empty all files below a folder"},
    {"scrub", "FILE", "overwrite a file and delete it"},
    {"chmod", "MODE:FILE", "set the permissions, octal"},
    {"chown", "UID:GID:PATH", "set the owner"},
    {"hostname", "NAME", "set the host name"},
    {"timezone", "ZONE", "set the time zone, such as Europe/Berlin"},
    {"root-password", "SELECTOR", "password:TEXT, file:FILE, locked or disabled"},
    {"password", "USER:SELECTOR", "likewise, of another user"},
    {"ssh-inject", "USER[:SELECTOR]", "let a key in: file:FILE or string:KEY; default: your own"},
    {"firstboot", "SCRIPT", "run a script of this host when a machine boots for the first time"},
    {"firstboot-command", "COMMAND", "likewise, a shell command"},
    {"firstboot-install", "PKG,PKG…", "likewise, install packages"},
    {"registry-merge", "FILE.reg", "of a Windows: merge what Regedit exported into its registry"},
}};

// What a plan needs to know of one operation.
struct Planner {
    CustomizePlan plan;
    const Operation* now = nullptr;

    [[noreturn]] void refuse(const std::string& wanted) const {
        throw Error(ErrorKind::usage,
                    fmt::format("--{} '{}' is not {}", now->name, now->value, wanted));
    }
    void add(Action action, const fs::path& folder = "/") {
        plan.steps.push_back({folder, {std::move(action), "--" + now->name}, std::nullopt});
    }
    void run(const std::string& script) { add(RunCommand{script}); }
    void change_packages(PackageChange::Verb verb, const std::vector<std::string>& names) {
        plan.needs_packages = true;
        plan.fetches_packages = plan.fetches_packages || verb != PackageChange::Verb::remove;
        add(InstallPackages{names});
        plan.steps.back().packages = PackageChange{verb, names};
    }

    // "A:B" into two; both must be there.
    std::pair<std::string, std::string> pair(const std::string& wanted) const {
        const std::size_t colon = now->value.find(':');
        if (colon == std::string::npos || colon == 0 || colon + 1 == now->value.size()) {
            refuse(wanted);
        }
        return {now->value.substr(0, colon), now->value.substr(colon + 1)};
    }
    std::string absolute(const std::string& path) const {
        if (!path.starts_with('/')) {
            throw Error(ErrorKind::usage, fmt::format("--{}: '{}' is no absolute path in the image",
                                                      now->name, path));
        }
        return path;
    }
    fs::path local(const std::string& path) const {
        const fs::path whole = fs::absolute(path).lexically_normal();
        if (!fs::exists(whole)) {
            throw Error(ErrorKind::not_found, fmt::format("--{}: no file '{}'", now->name, path));
        }
        return whole;
    }
    std::vector<std::string> packages() const {
        std::vector<std::string> names;
        std::istringstream words(now->value);
        for (std::string name; std::getline(words, name, ',');) {
            const bool fine = !name.empty() && name.front() != '-' &&
                              name.find_first_not_of(
                                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789+-.:=~_/") == std::string::npos;
            if (!fine) {
                refuse("a list of packages such as nginx,curl");
            }
            names.push_back(name);
        }
        if (names.empty()) {
            refuse("a list of packages such as nginx,curl");
        }
        return names;
    }
};

std::string first_line(const fs::path& file) {
    const std::string text = base::read_file(file);
    return text.substr(0, text.find('\n'));
}

void set_password(Planner& planner, const std::string& user, const std::string& selector) {
    const std::size_t colon = selector.find(':');
    const std::string kind = selector.substr(0, colon);
    const std::string rest = colon == std::string::npos ? "" : selector.substr(colon + 1);
    const std::string who = shell_quote(user);
    if ((kind == "password" && !rest.empty()) || (kind == "file" && !rest.empty())) {
        const std::string password = kind == "file" ? first_line(planner.local(rest)) : rest;
        // Progress and errors show the first line.
        planner.run(fmt::format("# set a password\nprintf '%s:%s\\n' {0} {1} | chpasswd", who,
                                shell_quote(password)));
    } else if (kind == "locked" && rest.empty()) {
        planner.run("passwd --quiet --lock " + who);
    } else if (kind == "disabled" && rest.empty()) {
        planner.run("usermod --password '*' " + who);
    } else if (kind == "random" || kind == "locked" || kind == "disabled") {
        throw Error(ErrorKind::unsupported,
                    fmt::format("the password selector '{}' is not supported", selector),
                    "use password:TEXT, file:FILE, locked or disabled");
    } else {
        planner.refuse("password:TEXT, file:FILE, locked or disabled");
    }
}

std::string own_key(const Planner& planner) {
    const char* home = std::getenv("HOME");
    for (const char* name : {"id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub"}) {
        const fs::path key = fs::path(home != nullptr ? home : "/") / ".ssh" / name;
        if (fs::exists(key)) {
            return first_line(key);
        }
    }
    throw Error(ErrorKind::not_found,
                fmt::format("--{}: you have no ssh key in ~/.ssh", planner.now->name),
                "name one: USER:file:KEY.pub");
}

void inject_key(Planner& planner) {
    const std::string& value = planner.now->value;
    const std::size_t colon = value.find(':');
    AddUser user;
    user.name = value.substr(0, colon);
    const std::string selector = colon == std::string::npos ? "" : value.substr(colon + 1);
    if (user.name.empty()) {
        planner.refuse("USER, USER:file:FILE or USER:string:KEY");
    }
    if (selector.empty()) {
        user.ssh_authorized_keys = {own_key(planner)};
    } else if (selector.starts_with("file:")) {
        user.ssh_authorized_keys = {first_line(planner.local(selector.substr(5)))};
    } else if (selector.starts_with("string:")) {
        user.ssh_authorized_keys = {selector.substr(7)};
    } else {
        planner.refuse("USER, USER:file:FILE or USER:string:KEY");
    }
    planner.run("getent passwd " + shell_quote(user.name) +
                " >/dev/null || { echo 'there is no such user'; exit 1; }");
    planner.add(user);
}

void write_text(Planner& planner) {
    const std::size_t colon = planner.now->value.find(':');
    if (colon == std::string::npos) {
        planner.refuse("FILE:TEXT");
    }
    const std::string path = planner.absolute(planner.now->value.substr(0, colon));
    // Owner and permissions of a file that is there stay.
    const std::string file = shell_quote(path);
    planner.run(fmt::format("[ -d {0} ] && exit 1\nprintf '%s' {1} >{0}", file,
                            shell_quote(planner.now->value.substr(colon + 1))));
}

void change_owner(Planner& planner) {
    const std::string& value = planner.now->value;
    const std::size_t first = value.find_first_of(":.");
    const std::size_t second = first == std::string::npos ? first : value.find(':', first + 1);
    if (second == std::string::npos) {
        planner.refuse("UID:GID:PATH");
    }
    planner.run(fmt::format("chown -h {}:{} {}", shell_quote(value.substr(0, first)),
                            shell_quote(value.substr(first + 1, second - first - 1)),
                            shell_quote(planner.absolute(value.substr(second + 1)))));
}

void make_links(Planner& planner) {
    const auto [target, links] = planner.pair("TARGET:LINK");
    std::istringstream names(links);
    for (std::string link; std::getline(names, link, ':');) {
        planner.run(
            fmt::format("ln -sfn {} {}", shell_quote(target), shell_quote(planner.absolute(link))));
    }
}

// A path in which * and ? stay patterns of the shell.
std::string quoted_pattern(const std::string& path) {
    std::string pattern;
    for (const char c : path) {
        pattern += c == '*' || c == '?' ? std::string(1, c) : shell_quote(std::string(1, c));
    }
    return pattern;
}

using Handler = std::function<void(Planner&)>;

void simple_command(Planner& planner, const char* command) {
    planner.run(fmt::format("{} {}", command, shell_quote(planner.absolute(planner.now->value))));
}

void two_paths(Planner& planner, const char* command) {
    const auto [from, to] = planner.pair("FROM:TO");
    planner.run(fmt::format("{} {} {}", command, shell_quote(planner.absolute(from)),
                            shell_quote(planner.absolute(to))));
}

std::map<std::string_view, Handler> package_handlers() {
    using Verb = PackageChange::Verb;
    return {
        {"install", [](Planner& p) { p.change_packages(Verb::install, p.packages()); }},
        {"uninstall", [](Planner& p) { p.change_packages(Verb::remove, p.packages()); }},
        {"update", [](Planner& p) { p.change_packages(Verb::update, {}); }},
        {"firstboot-install",
         [](Planner& p) { p.plan.firstboot.push_back(any_manager_script(p.packages())); }},
    };
}

std::map<std::string_view, Handler> file_handlers() {
    return {
        {"copy-in",
         [](Planner& p) {
             const auto [from, to] = p.pair("LOCAL:DIR");
             const fs::path file = p.local(from);
             const std::string name = file.filename().string();
             p.add(CopyFiles{name, p.absolute(to) + (to.ends_with('/') ? "" : "/") +
                                       (fs::is_directory(file) ? name : "")},
                   file.parent_path());
         }},
        {"upload",
         [](Planner& p) {
             const auto [from, to] = p.pair("LOCAL:FILE");
             const fs::path file = p.local(from);
             if (fs::is_directory(file)) {
                 p.refuse("a file; --copy-in copies folders");
             }
             p.add(CopyFiles{file.filename().string(), p.absolute(to)}, file.parent_path());
         }},
        {"write", write_text},
        {"append-line",
         [](Planner& p) {
             const auto [path, line] = p.pair("FILE:LINE");
             // A last line without an end gets one first.
             p.run(
                 fmt::format("[ -z \"$(tail -c1 {0} 2>/dev/null)\" ] || echo >>{0}\n"
                             "printf '%s\\n' {1} >>{0}",
                             shell_quote(p.absolute(path)), shell_quote(line)));
         }},
        {"edit",
         [](Planner& p) {
             const auto [path, expression] = p.pair("FILE:EXPR");
             p.run(fmt::format("perl -i -p -e {} {}", shell_quote(expression),
                               shell_quote(p.absolute(path))));
         }},
        {"copy", [](Planner& p) { two_paths(p, "cp -a"); }},
        {"move", [](Planner& p) { two_paths(p, "mv"); }},
        {"link", make_links},
        {"mkdir", [](Planner& p) { simple_command(p, "mkdir -p"); }},
        {"delete", [](Planner& p) { p.run("rm -rf " + quoted_pattern(p.absolute(p.now->value))); }},
        {"touch", [](Planner& p) { simple_command(p, "touch"); }},
        {"truncate", [](Planner& p) { simple_command(p, "truncate -s 0"); }},
        {"truncate-recursive",
         [](Planner& p) {
             p.run(fmt::format("find {} -xdev -type f -exec truncate -s 0 {{}} +",
                               shell_quote(p.absolute(p.now->value))));
         }},
        {"scrub", [](Planner& p) { simple_command(p, "shred -u"); }},
        {"chmod",
         [](Planner& p) {
             const auto [mode, path] = p.pair("MODE:FILE");
             if (mode.find_first_not_of("01234567") != std::string::npos || mode.size() > 4) {
                 p.refuse("MODE:FILE with an octal mode");
             }
             p.run(fmt::format("chmod {} {}", mode, shell_quote(p.absolute(path))));
         }},
        {"chown", change_owner},
    };
}

std::map<std::string_view, Handler> system_handlers() {
    return {
        {"run-command", [](Planner& p) { p.run(p.now->value); }},
        {"run",
         [](Planner& p) {
             const fs::path file = p.local(p.now->value);
             p.add(CopyFiles{file.filename().string(), "/.muster-run", "root:root", 0700},
                   file.parent_path());
             p.run("/.muster-run; status=$?; rm -f /.muster-run; exit $status");
         }},
        {"hostname",
         [](Planner& p) {
             if (p.now->value.empty() ||
                 p.now->value.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
                                                "YZ0123456789-.") != std::string::npos) {
                 p.refuse("a host name");
             }
             p.run("echo " + p.now->value + " >/etc/hostname");
         }},
        {"timezone",
         [](Planner& p) {
             const std::string zone = shell_quote("/usr/share/zoneinfo/" + p.now->value);
             p.run(
                 fmt::format("[ -f {0} ] || {{ echo 'no such time zone (package tzdata)'; exit 1; "
                             "}}\nln -sfn {0} /etc/localtime\nprintf '%s\\n' {1} >/etc/timezone",
                             zone, shell_quote(p.now->value)));
         }},
        {"root-password", [](Planner& p) { set_password(p, "root", p.now->value); }},
        {"password",
         [](Planner& p) {
             const auto [user, selector] = p.pair("USER:SELECTOR");
             set_password(p, user, selector);
         }},
        {"ssh-inject", inject_key},
        {"firstboot",
         [](Planner& p) {
             const fs::path file = p.local(p.now->value);
             const std::string to =
                 fmt::format("/usr/lib/muster/firstboot.d/{:02}", p.plan.firstboot.size());
             p.add(CopyFiles{file.filename().string(), to, "root:root", 0700}, file.parent_path());
             p.plan.firstboot.push_back(to);
         }},
        {"registry-merge",
         [](Planner& p) {
             const std::vector<RegistryKey> keys =
                 parse_reg_file(base::read_file(p.local(p.now->value)), p.now->value);
             p.plan.registry.insert(p.plan.registry.end(), keys.begin(), keys.end());
         }},
        {"firstboot-command", [](Planner& p) { p.plan.firstboot.push_back(p.now->value); }},
    };
}

const std::map<std::string_view, Handler>& operation_handlers() {
    static const std::map<std::string_view, Handler> handlers = [] {
        std::map<std::string_view, Handler> all = package_handlers();
        all.merge(file_handlers());
        all.merge(system_handlers());
        return all;
    }();
    return handlers;
}

}  // namespace

std::span<const OperationHelp> operation_helps() {
    return kOperations;
}

std::string describe(const CustomizeStep& step) {
    return step.step.where + " " +
           (step.packages ? describe(*step.packages) : describe(step.step.action));
}

Step resolve_packages(const CustomizeStep& step, PackageManager manager, bool has_index) {
    const bool by_index = has_index && manager == PackageManager::apt;
    if (!step.packages || (by_index && step.packages->verb == PackageChange::Verb::install)) {
        return step.step;
    }
    return {RunCommand{package_script(manager, *step.packages)}, step.step.where};
}

CustomizePlan plan_operations(const std::vector<Operation>& operations) {
    Planner planner;
    for (const Operation& operation : operations) {
        const auto handler = operation_handlers().find(operation.name);
        if (handler == operation_handlers().end()) {
            throw Error(ErrorKind::usage, fmt::format("unknown operation '{}'", operation.name),
                        "muster customize --help lists them");
        }
        planner.now = &operation;
        handler->second(planner);
    }
    const CustomizePlan& plan = planner.plan;
    if (!plan.registry.empty() && !(plan.steps.empty() && plan.firstboot.empty())) {
        throw Error(ErrorKind::unsupported,
                    "--registry-merge is for Windows, the other operations are for Linux",
                    "give it alone; several of them are merged in their order");
    }
    return std::move(planner.plan);
}

std::vector<Operation> parse_operations(std::string_view text, const std::string& name) {
    std::vector<Operation> operations;
    std::istringstream lines{std::string(text)};
    std::string whole;
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (line.ends_with('\\')) {
            whole += line.substr(0, line.size() - 1);
            continue;
        }
        whole += line;
        const std::size_t from = whole.find_first_not_of(" \t");
        if (from != std::string::npos && whole[from] != '#') {
            const std::size_t space = std::min(whole.find(' ', from), whole.size());
            const std::size_t value = std::min(whole.find_first_not_of(' ', space), whole.size());
            Operation operation{whole.substr(from, space - from), whole.substr(value)};
            if (!operation_handlers().contains(operation.name)) {
                throw Error(
                    ErrorKind::invalid_input,
                    fmt::format("{}:{}: unknown operation '{}'", name, number, operation.name),
                    "muster customize --help lists them");
            }
            operations.push_back(std::move(operation));
        }
        whole.clear();
    }
    return operations;
}

}  // namespace imagebuilder
