// SPDX-License-Identifier: Apache-2.0
#include "assembler/schema/complete_assembly.h"

#include <map>

#include <fmt/format.h>

#include "assembler/schema/connections.h"
#include "assembler/schema/schema_properties.h"
#include "base/error.h"
#include "base/yaml.h"

namespace assembler {

std::string guess_among(const std::string& word, const std::vector<std::string>& known) {
    const auto similar = base::find_similar(word, known);
    return similar ? fmt::format(", did you mean '{}'?", *similar) : "";
}

SchemaFindings complete_assembly(Assembly& assembly, const ImageSchemas& schemas) {
    SchemaFindings findings;
    std::map<std::filesystem::path, std::optional<ovfkit::ConfigSchema>> known;
    for (AssemblyMachine& machine : assembly.machines) {
        machine.schema = base::in_context(fmt::format("machine '{}'", machine.name), [&] {
            const std::filesystem::path location = image_location(assembly, machine);
            auto found = known.find(location);
            if (found == known.end()) {
                found = known.emplace(location, schemas(location)).first;
            }
            return found->second;
        });
    }
    // The values of connections first: they count as the assembly's own.
    resolve_connections(assembly, findings);
    for (AssemblyMachine& machine : assembly.machines) {
        add_schema_properties(machine, findings);
    }
    return findings;
}

}  // namespace assembler
