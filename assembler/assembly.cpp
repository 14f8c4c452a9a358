// SPDX-License-Identifier: Apache-2.0
#include "assembler/assembly.h"

#include <algorithm>
#include <map>

#include "imagebuilder/saved/saved_images.h"

namespace assembler {

std::vector<std::vector<std::string>> start_waves(const Assembly& assembly) {
    std::map<std::string, std::size_t> wave_of;
    // Every pass settles at least one machine, as there are no cycles.
    for (std::size_t pass = 0; pass < assembly.machines.size(); ++pass) {
        for (const AssemblyMachine& machine : assembly.machines) {
            std::size_t wave = 0;
            for (const std::string& earlier : machine.after) {
                const auto found = wave_of.find(earlier);
                wave = std::max(wave, found == wave_of.end() ? 0 : found->second + 1);
            }
            wave_of[machine.name] = wave;
        }
    }
    std::vector<std::vector<std::string>> waves;
    for (const AssemblyMachine& machine : assembly.machines) {
        const std::size_t wave = wave_of[machine.name];
        waves.resize(std::max(waves.size(), wave + 1));
        waves[wave].push_back(machine.name);
    }
    return waves;
}

std::filesystem::path image_location(const Assembly& assembly, const AssemblyMachine& machine) {
    const auto saved = imagebuilder::find_template_disk(machine.image);
    return saved ? *saved : (assembly.folder / machine.image).lexically_normal();
}

}  // namespace assembler
