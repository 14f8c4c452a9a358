// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/source/ssh_source.h"

#include <charconv>
#include <system_error>

#include <fmt/format.h>

#include "assembler/introspect/source/disk_source.h"
#include "assembler/introspect/source/live_script.h"
#include "assembler/introspect/source/tar_tree.h"
#include "assembler/introspect/source/tree_script.h"
#include "assembler/introspect/system/text.h"
#include "base/crypto/md5.h"
#include "base/error.h"
#include "base/port.h"
#include "base/printable.h"
#include "base/process.h"
#include "base/sandbox/sandbox.h"
#include "imagebuilder/tarball/packed_tar.h"

namespace assembler {

namespace {

constexpr std::size_t kMaxSentBytes = std::size_t{256} << 20U;
constexpr std::uint64_t kMostTreeBytes = std::uint64_t{64} << 40U;  // of file systems
constexpr std::string_view kScheme = "ssh://";

// "1000" of the line "muster-uid 1000"; empty when there is none.
std::string said(std::string_view errors, std::string_view key) {
    for (const introspect::Line& line : introspect::lines_of(errors)) {
        const auto words = introspect::words_of(line.text);
        if (words.size() == 2 && words[0] == key) {
            return std::string(words[1]);
        }
    }
    return "";
}

base::Command script_command(const SshTarget& target, const char* script) {
    base::Command command;
    command.argv = ssh_command(target);
    command.stdin_data = script;
    return command;
}

base::RunResult run_script(const SshTarget& target, const base::Command& command) {
    base::RunResult result = base::run(command);
    const std::string refused = said(result.err, "muster-refused");
    if (refused == "root") {
        throw base::Error(base::ErrorKind::unsupported,
                          fmt::format("only root may read all files of '{}'", target.host),
                          "ssh://root@HOST, or a user who may run sudo there without a password");
    }
    if (refused == "tar") {
        throw base::Error(base::ErrorKind::unsupported,
                          fmt::format("'{}' has no GNU tar, which sends its files", target.host),
                          "install it there, or stop the machine and give its disk image");
    }
    if (result.status != 0) {
        throw base::CommandError(command.to_string(), result.status, result.err,
                                 fmt::format("ssh to '{}'", target.host));
    }
    return result;
}

base::RunResult fetch_facts(const SshTarget& target) {
    base::Command command = script_command(target, kLiveScript);
    command.timeout = std::chrono::minutes(10);
    command.stdout_limit = kMaxSentBytes;
    return run_script(target, command);
}

// All files of the machine into a new file of the folder.
MachineFilesSource fetch_tree(const SshTarget& target, const std::string& folder,
                              const std::string& name) {
    MachineFilesSource from;
    from.tar = fmt::format("{}/{}.tar.zst", folder, name);
    imagebuilder::PackedTar packed(from.tar);
    base::Command command = script_command(target, kTreeScript);
    command.timeout = std::chrono::hours(24);
    command.stdout_fd = packed.fd();
    const base::RunResult sent = run_script(target, command);
    packed.finish();
    const std::string bytes = said(sent.err, "muster-bytes");
    const auto [end, error] =
        std::from_chars(bytes.data(), bytes.data() + bytes.size(), from.size_bytes);
    if (error != std::errc() || end != bytes.data() + bytes.size() ||
        from.size_bytes > kMostTreeBytes) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("'{}' gives '{}' as the size of its file systems",
                                      target.host, base::printable(bytes)));
    }
    return from;
}

}  // namespace

std::optional<SshTarget> find_ssh_target(const std::string& location) {
    if (!location.starts_with(kScheme)) {
        return std::nullopt;
    }
    std::string host = location.substr(kScheme.size());
    if (host.ends_with('/')) {
        host.pop_back();
    }
    std::string port;
    const std::size_t colon = host.rfind(':');
    if (colon != std::string::npos && !host.ends_with(']')) {
        port = host.substr(colon + 1);
        host.resize(colon);
    }
    const bool has_bad_port = colon != std::string::npos && !port.empty() && !base::find_port(port);
    if (host.empty() || host.starts_with('-') || host.find('/') != std::string::npos ||
        has_bad_port) {
        throw base::Error(base::ErrorKind::usage, fmt::format("'{}' names no machine", location),
                          "ssh://USER@HOST or ssh://USER@HOST:PORT");
    }
    return SshTarget{.host = host, .port = port};
}

std::vector<std::string> ssh_command(const SshTarget& target) {
    std::vector<std::string> command{"ssh", "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20"};
    if (!target.port.empty()) {
        command.insert(command.end(), {"-p", target.port});
    }
    command.insert(command.end(), {"--", target.host, "sh -s"});
    return command;
}

IntrospectedMachine introspect_over_ssh(const SshTarget& target, const MachineSource& source,
                                        const SourceOptions& options) {
    const base::RunResult sent = fetch_facts(target);
    const IntrospectOptions how = machine_options(source.name, options);
    base::md5_hex("");  // see introspect_disks()
    const std::string text =
        base::run_sandboxed(fmt::format("reading what '{}' sent", target.host), [&] {
            return machine_text(
                introspect_files(*read_tar_tree(sent.out, target.host), how, options.also));
        });
    IntrospectedMachine machine = base::in_context(fmt::format("facts of '{}'", target.host),
                                                   [&] { return parse_machine_text(text); });
    machine.facts.os.kernel = said(sent.err, "muster-kernel");
    if (said(sent.err, "muster-uid") != "0") {
        machine.facts.remarks.push_back(
            {"read as an ordinary user: what only root may read is missing", {}});
    }
    if (!options.keep_disks.empty()) {
        machine.from = fetch_tree(target, options.keep_disks, machine.facts.name);
        machine.facts.remarks.push_back(
            {"its files were read while it ran: what was written at that moment, as by a database, "
             "may be torn; stop such services before",
             {}});
    }
    return machine;
}

}  // namespace assembler
