// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target over the files of its corpus folders: every crash once found stays fixed.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>

#include "base/file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
    int replayed = 0;
    for (int i = 1; i < argc; ++i) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
            if (entry.is_regular_file()) {
                const std::string data = base::read_file(entry.path());
                // SAFETY: char seen as unsigned char.
                LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(data.data()),
                                       data.size());
                ++replayed;
            }
        }
    }
    std::printf("%d inputs replayed\n", replayed);
    return replayed > 0 ? 0 : 1;
}
