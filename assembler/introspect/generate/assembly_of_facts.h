// SPDX-License-Identifier: Apache-2.0
// The text of an assembly file for machines that were introspected: their images, networks, start
// order, what wires them, what users come for. Comments say where each thing was seen. The text
// loads again (assembler/assembly_file.h). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "assembler/introspect/connect/start_order.h"
#include "assembler/introspect/generate/wiring.h"

namespace assembler {

// What the facts do not say: where the image is, how large the machine was.
struct AssemblyImage {
    std::string image;  // as written in the file: a disk or a folder with a recipe
    std::optional<std::uint32_t> cpus;
    std::optional<std::uint64_t> memory_bytes;
};

struct AssemblyOptions {
    std::string name = "introspected";
    std::string version = "1.0.0";
    std::map<std::string, AssemblyImage> machines;  // by name; without one: "NAME.qcow2"
};

std::string assembly_of_facts(const std::vector<MachineFacts>& machines, const ConnectionMap& map,
                              const NetworkMap& networks,
                              const std::map<std::string, MachineWiring>& wirings,
                              const AssemblyOptions& options);

}  // namespace assembler
