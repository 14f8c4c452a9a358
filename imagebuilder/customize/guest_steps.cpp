// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/customize/guest_steps.h"

#include <sys/stat.h>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/tree/finish.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;
using base::shell_quote;

constexpr const char* kStaging = "/run/muster";
constexpr const char* kScript = "/run/muster/script";
constexpr const char* kInput = "/run/muster/input";
constexpr const char* kOutput = "/run/muster/output";
constexpr int kKeptOutputBytes = 65536;
constexpr std::string_view kStatusMark = "muster-status ";

constexpr const char* kEnvironment =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "
    "TERM=dumb DEBIAN_FRONTEND=noninteractive INITRD=No SYSTEMD_OFFLINE=1";

// In the machine of libguestfs, which has the guest below /sysroot: what a running system has
// there is in memory too. A guest without such folders goes without.
constexpr const char* kMemoryFolders =
    "mkdir -p /sysroot/run && mount -t tmpfs -o mode=0755,nosuid,nodev run /sysroot/run && "
    "mkdir /sysroot/run/lock; "
    "mount -t tmpfs -o mode=1777,nosuid,nodev tmp /sysroot/tmp";

// Where SELinux counts, files that were written now have no label.
constexpr const char* kRelabel =
    "if grep -Eqs '^SELINUX=(enforcing|permissive)' /etc/selinux/config; then : >/.autorelabel; fi";

}  // namespace

std::string guest_script(const std::vector<std::string>& argv) {
    std::string words;
    for (const std::string& word : argv) {
        words += " " + shell_quote(word);
    }
    return fmt::format(
        "cd /\n/usr/bin/env -i {}{} <{} >{} 2>&1\necho \"{}$?\"\ntail -c {} {} || :\n",
        kEnvironment, words, kInput, kOutput, kStatusMark, kKeptOutputBytes, kOutput);
}

GuestAnswer parse_guest_answer(std::string_view text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view first = text.substr(0, end);
    GuestAnswer answer;
    constexpr std::size_t kMostDigits = 3;
    const std::string_view digits =
        first.starts_with(kStatusMark) ? first.substr(kStatusMark.size()) : "";
    if (digits.empty() || digits.size() > kMostDigits ||
        digits.find_first_not_of("0123456789") != std::string_view::npos) {
        throw Error(ErrorKind::external, "the image's shell did not run the step's script",
                    "is its /bin/sh in order?");
    }
    for (const char digit : digits) {
        answer.status = answer.status * 10 + (digit - '0');
    }
    answer.output = text.substr(std::min(end + 1, text.size()));
    return answer;
}

GuestSteps::GuestSteps(GuestfishSession& session, fs::path work,
                       std::function<void(std::string_view)> on_output)
    : session_(session), work_(std::move(work)), on_output_(std::move(on_output)) {
    session_.find({"debug", "sh", guestfish_item(kMemoryFolders)});
    session_.run({"mkdir-p", kStaging});
    session_.run({"chmod", "0700", kStaging});
}

void GuestSteps::upload_text(const std::string& text, const std::string& to) {
    const fs::path file = work_ / "upload";
    base::write_file(file, text, 0600);
    session_.run({"upload", file.string(), to});
    base::remove_all(file);
}

std::string GuestSteps::run(const TreeCommand& command, std::string_view what) {
    upload_text(command.stdin_data, kInput);
    upload_text(guest_script(command.argv), kScript);
    GuestAnswer answer =
        parse_guest_answer(session_.run({"sh", std::string("/bin/sh ") + kScript}));
    if (on_output_ && !answer.output.empty()) {
        on_output_(answer.output);
    }
    if (answer.status != 0) {
        throw Error(ErrorKind::external, describe_failure(what, answer.status, answer.output));
    }
    return std::move(answer.output);
}

void GuestSteps::copy_file(const fs::path& from, const std::string& to, unsigned mode) {
    struct stat info {};
    if (::stat(from.c_str(), &info) != 0) {
        throw base::SystemError(errno, fmt::format("cannot read '{}'", from.string()));
    }
    const std::string seconds = std::to_string(info.st_mtim.tv_sec);
    session_.run({"mkdir-p", to.substr(0, to.rfind('/') + 1)});
    session_.run({"rm-f", to});
    session_.run({"upload", from.string(), to});
    session_.run({"chown", "0", "0", to});
    session_.run({"chmod", fmt::format("{:#o}", mode == 0 ? info.st_mode & 07777U : mode), to});
    session_.run({"utimens", to, seconds, "0", seconds, "0"});
}

void GuestSteps::add_files(const fs::path& from, const std::vector<std::string>& names,
                           const std::string& folder) {
    session_.run({"mkdir-p", folder});
    if (names.empty()) {
        return;
    }
    const fs::path tar = work_ / "upload.tar";
    base::Command pack;
    pack.argv = {"tar",         "-C",
                 from.string(), "--owner=0",
                 "--group=0",   "--numeric-owner",
                 "-cf",         tar.string(),
                 "--null",      "--verbatim-files-from",
                 "-T",          "-"};
    for (const std::string& name : names) {
        pack.stdin_data += "./" + name + '\0';
    }
    pack.timeout = std::chrono::minutes(30);
    base::run_checked(pack);
    session_.run({"tar-in", tar.string(), folder});
    base::remove_all(tar);
}

void GuestSteps::copy(const fs::path& folder, const CopyFiles& copy) {
    if (copy.owner != "root:root") {
        throw Error(ErrorKind::unsupported, "libguestfs copies files as root's only");
    }
    const fs::path from = source_of_copy(copy, folder);
    if (!fs::is_directory(from)) {
        copy_file(
            from,
            copy.to.ends_with('/') ? copy.to + (folder / copy.from).filename().string() : copy.to,
            copy.permissions.value_or(0));
        return;
    }
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(from)) {
        names.push_back(entry.path().filename().string());
    }
    add_files(from, names, copy.to);
}

void GuestSteps::apply(const fs::path& folder, const Step& step) {
    base::in_context(step.where, [&] {
        if (const auto* files = std::get_if<CopyFiles>(&step.action)) {
            copy(folder, *files);
        } else if (const auto command = command_of(step.action)) {
            run(*command, describe(step.action));
        } else {
            base::unreachable("packages that are no command");
        }
    });
}

void GuestSteps::enable_firstboot(const std::vector<std::string>& commands) {
    if (commands.empty()) {
        return;
    }
    const std::string before =
        run({{"sh", "-c", "cat \"$1\" 2>/dev/null || :", "sh", kFirstbootInTree}, ""},
            "read firstboot");
    const SettingsFiles settings = firstboot_files(before, commands);
    for (const WriteFile& file : settings.files) {
        apply("/", {file, "first boot"});
    }
    apply("/", {UnitsChange{UnitsChange::Verb::enable, settings.units}, "first boot"});
}

void GuestSteps::finish() {
    run({{"sh", "-c", kRelabel}, ""}, "have files labelled anew");
    session_.run({"rm-rf", kStaging});
    session_.find({"fstrim", "/"});  // not on every file system; the image is only larger then
}

}  // namespace imagebuilder
