// SPDX-License-Identifier: Apache-2.0
// The folder with real files from the field, which the project does not carry: $MUSTER_CORPUS. Test
// cases that use it have the tag [corpus] and run as a ctest entry of their own
// (muster_corpus_test), which shows as skipped where the folder is not given, also with
// MUSTER_REQUIRE_ALL=1.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>

#include "tests/support/catch.h"

namespace tests {

// nullopt: return from the test case.
inline std::optional<std::filesystem::path> find_corpus() {
    const char* folder = std::getenv("MUSTER_CORPUS");
    if (folder != nullptr && *folder != '\0') {
        INFO("MUSTER_CORPUS is " << folder);
        REQUIRE(std::filesystem::is_directory(folder));
        return folder;
    }
    std::cout << "skipped: MUSTER_CORPUS is unset\n";
    return std::nullopt;
}

}  // namespace tests
