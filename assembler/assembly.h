// SPDX-License-Identifier: Apache-2.0
// An assembly: the machines of an application, their networks and how they are wired, as plain
// values. Read from an assembly file by assembly_file.h; turned into an OVF envelope by
// envelope_of_assembly.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ovfkit/descriptor/extensions.h"
#include "ovfkit/descriptor/hardware_queries.h"
#include "ovfkit/env/config/config_schema.h"

namespace assembler {

struct AssemblyProduct {
    std::string name;
    std::string vendor;
    std::string url;
};

struct AssemblyNetwork {
    std::string name;
    std::string description;
    bool isolated = false;
};

struct AssemblyProperty {
    std::string key;
    std::string type = "string";  // of DSP0243 table 5
    bool password = false;
    std::optional<std::string> default_value;
    std::string value_template;         // see ovfkit/descriptor/value_template.h
    std::uint32_t generate_length = 0;  // random characters when nobody gives a value
    bool user = false;                  // meant to be set by the user
    bool required = false;              // deploying without a value is an error
    std::string label;
    std::string description;
    std::string qualifiers;  // from the image, as `type` may be
    std::string where;       // "assembly.yaml:12:5"; empty when the assembly does not name it
    bool has_type = false;   // the assembly says these three itself
    bool has_user = false;
    bool is_fixed = false;  // by `value`
};

// `connect: { db: db.postgresql }`: an output of the machine's image to an input of another's.
struct AssemblyConnection {
    std::string output;
    std::string machine;
    std::string input;    // empty: the one of its protocol
    std::string network;  // empty: the one that both are on
    std::string where;
};

struct AssemblyMachine {
    std::string name;
    std::string description;
    std::string image;  // as written: a folder with a recipe, a disk image, "template:NAME"
    std::uint32_t cpus = 1;
    std::uint64_t memory_bytes = std::uint64_t{512} << 20U;
    ovfkit::Firmware::Kind firmware = ovfkit::Firmware::Kind::unspecified;
    std::optional<std::uint64_t> disk_bytes;  // larger than the image's own; absent: as the image
    std::vector<std::string> networks;        // in the order of the machine's interfaces
    std::vector<std::string> after;           // machines that must be ready before
    ovfkit::MachineCount count;
    std::vector<AssemblyProperty> properties;
    std::vector<AssemblyConnection> connections;
    std::optional<ovfkit::Readiness> ready;
    // Filled in by complete_assembly().
    std::optional<ovfkit::ConfigSchema> schema;  // of the image
    std::vector<ovfkit::Endpoint> endpoints;
};

struct MachineOverride {
    std::string machine;
    std::optional<std::uint32_t> cpus;
    std::optional<std::uint64_t> memory_bytes;
};

struct AssemblyConfiguration {
    std::string name;
    std::string description;
    bool is_default = false;
    std::vector<MachineOverride> overrides;
};

struct Assembly {
    std::filesystem::path folder;  // images are relative to it
    std::string name;
    std::string version;
    std::string description;
    std::string eula;
    AssemblyProduct product;
    std::vector<AssemblyNetwork> networks;
    std::vector<AssemblyMachine> machines;
    std::vector<ovfkit::Publish> publish;
    std::vector<AssemblyConfiguration> configurations;
    std::vector<std::string> warnings;
};

// Machines in waves: those of a wave wait for those of earlier ones only. Each wave and the list
// keep the order of the file. The assembly has no cycles (see check_assembly).
std::vector<std::vector<std::string>> start_waves(const Assembly& assembly);

// Where a machine's image is: a path, or the disk of a template that was saved by name
// ("template:golden"). Throws not_found when there is no such template.
std::filesystem::path image_location(const Assembly& assembly, const AssemblyMachine& machine);

}  // namespace assembler
