// SPDX-License-Identifier: Apache-2.0
// What each machine is told when it is deployed, and where in its files that goes: keys for the
// ends of its connections, for ports, settings and secrets, and the edits that put them in place
// of the addresses that were found. Both the assembly file and the guest's configuration follow
// from it. Pure but for the reader.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "assembler/introspect/connect/networks.h"
#include "assembler/introspect/generate/source_file.h"
#include "assembler/introspect/generate/text_edit.h"

namespace assembler {

struct WiringOptions {
    // Values of secrets may go into what is written: as defaults in the guest's configuration,
    // never into the assembly file.
    bool keep_secrets = false;
};

struct WiredKey {
    enum class Kind { host, port, address, setting, secret };
    Kind kind = Kind::setting;
    std::string key;
    std::string value;  // with references to machines: "${db.ip.net}"; empty: none
    std::optional<std::string> default_value;
    bool required = false;                     // has to be given by who deploys
    bool user = false;                         // may be
    std::optional<std::string> guest_default;  // of a secret: stays in the image
    std::string label;
    std::string comment;  // what was found: "10.0.5.20 in /etc/nginx/…:4"
    Evidence evidence;
    std::vector<std::string> restart;  // units that read it
};

struct WiredFile {
    SourceFile source;
    std::vector<TextEdit> edits;
    std::vector<std::string> restart;
};

struct MachineWiring {
    std::vector<WiredKey> keys;              // in the order they were found
    std::map<std::string, WiredFile> files;  // by path
    std::vector<Remark> remarks;

    const WiredKey* find_key(const std::string& key) const;
};

// By machine. `machines` have the names that the assembly will use (see name_machines).
std::map<std::string, MachineWiring> plan_wiring(const std::vector<MachineFacts>& machines,
                                                 const ConnectionMap& map,
                                                 const NetworkMap& networks, const FileReader& read,
                                                 const WiringOptions& options = {});

// The same machines, each with a name of its own that a machine of an assembly may have.
std::vector<MachineFacts> name_machines(std::vector<MachineFacts> machines);

}  // namespace assembler
