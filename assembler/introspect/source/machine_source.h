// SPDX-License-Identifier: Apache-2.0
// Where machines are introspected from: a folder with a machine's files. Each kind of source has
// its own way to a FileTree; what comes out is the same.
#pragma once

#include <string>
#include <string_view>

#include "assembler/introspect/introspect.h"

namespace assembler {

struct MachineSource {
    std::string name;      // of the machine; empty: it names itself
    std::string location;  // a path
};

// "web=/srv/web" or "/srv/web". A '=' behind a '/' belongs to the path. Throws usage for a name
// that a machine cannot have.
MachineSource parse_machine_source(std::string_view text);

// `options` but for the name, which is the source's. Throws not_found when there is nothing,
// unsupported when it is nothing that can be read.
MachineFacts introspect_source(const MachineSource& source, IntrospectOptions options);

}  // namespace assembler
