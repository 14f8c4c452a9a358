// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/guestfs/guestfish.h"

#include <cstdlib>
#include <sstream>

#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"

namespace imagebuilder {

using base::Error;
using base::ErrorKind;

std::map<std::string, std::string> guestfs_environment(const GuestfishSettings& settings) {
    std::map<std::string, std::string> env{{"LC_ALL", "C.UTF-8"}};
    if (std::getenv("LIBGUESTFS_BACKEND") == nullptr) {
        env["LIBGUESTFS_BACKEND"] = "direct";  // not libvirt: no daemon of the host is needed
    }
    if (std::getenv("LIBGUESTFS_BACKEND_SETTINGS") == nullptr &&
        !(settings.kvm_works && settings.kvm_works())) {
        env["LIBGUESTFS_BACKEND_SETTINGS"] = "force_tcg";
    }
    return env;
}

std::string explain_guestfs_error(const std::string& text) {
    constexpr std::string_view kMark = "libguestfs: error: ";
    std::istringstream lines(text);
    std::string last;
    for (std::string line; std::getline(lines, line);) {
        if (const std::size_t at = line.find(kMark); at != std::string::npos) {
            return line.substr(at + kMark.size());
        }
        last = line.empty() ? last : line;
    }
    return last;
}

std::string guestfs_remedy(const std::string& text) {
    const auto says = [&](std::string_view part) { return text.find(part) != std::string::npos; };
    if (says("xfs") && (says("not available") || says("not found"))) {
        return "apt-get install libguestfs-xfs";
    }
    if (says("supermin") || says("/boot/vmlinuz")) {
        return "its machine needs a kernel that this user may read: apt-get install "
               "linux-image-amd64; chmod a+r /boot/vmlinuz-*";
    }
    return "libguestfs-test-tool says whether libguestfs works on this host";
}

void run_guestfish(const GuestfishScript& script, const GuestfishSettings& settings) {
    base::Command command;
    command.argv = {"guestfish"};
    command.argv.insert(command.argv.end(), script.arguments.begin(), script.arguments.end());
    // Not as a file: that would be its standard input.
    for (std::size_t i = 0; i < script.commands.size(); ++i) {
        if (i != 0) {
            command.argv.emplace_back(":");
        }
        command.argv.insert(command.argv.end(), script.commands[i].begin(),
                            script.commands[i].end());
    }
    command.env = guestfs_environment(settings);
    command.stdin_fd = script.stdin_fd;
    command.stdout_fd = script.stdout_fd;
    command.timeout = settings.limit;
    base::RunResult result;
    try {
        result = base::run(command);
    } catch (Error& error) {
        if (error.kind() == ErrorKind::environment) {
            error.set_hint("apt-get install guestfish");
        }
        throw;
    }
    if (result.status == 0) {
        return;
    }
    if (result.status > 128) {
        throw Error(ErrorKind::external,
                    fmt::format("libguestfs {}", base::describe_status(result.status)),
                    guestfs_remedy(result.err));
    }
    throw Error(ErrorKind::external, "libguestfs: " + explain_guestfs_error(result.err),
                guestfs_remedy(result.err));
}

}  // namespace imagebuilder
