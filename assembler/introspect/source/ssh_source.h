// SPDX-License-Identifier: Apache-2.0
// A machine that runs, over ssh: one run of a script on it sends the files that introspection
// reads as a tar stream. Nothing is written there, and here they are read in a locked-down child.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "assembler/introspect/source/machine_source.h"

namespace assembler {

struct SshTarget {
    std::string host;  // "root@10.0.0.5": as ssh takes it
    std::string port;  // empty: ssh's own choice
};

// "ssh://root@10.0.0.5:2222"; nullopt when it is no such URL. Throws usage for one with a path, and
// for what ssh would take for an option.
std::optional<SshTarget> find_ssh_target(const std::string& location);

// Asks no questions: keys have to be there, and the host has to be known.
std::vector<std::string> ssh_command(const SshTarget& target);

// Reads the facts; with `options.keep_disks` the whole tree is sent, too, and left there. Throws
// unsupported for a machine that cannot send it.
IntrospectedMachine introspect_over_ssh(const SshTarget& target, const MachineSource& source,
                                        const SourceOptions& options);

}  // namespace assembler
