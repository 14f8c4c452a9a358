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
        const auto location = (assembly.folder / machine.image).lexically_normal();
        auto found = known.find(location);
        if (found == known.end()) {
            found = base::in_context(fmt::format("machine '{}'", machine.name), [&] {
                return known.emplace(location, schemas(location)).first;
            });
        }
        machine.schema = found->second;
    }
    // The values of connections first: they count as the assembly's own.
    resolve_connections(assembly, findings);
    for (AssemblyMachine& machine : assembly.machines) {
        add_schema_properties(machine, findings);
    }
    return findings;
}

}  // namespace assembler
