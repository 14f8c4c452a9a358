// SPDX-License-Identifier: Apache-2.0
// What does not fit between an assembly and its images: one sentence each.
#pragma once

#include <string>
#include <vector>

namespace assembler {

struct SchemaFindings {
    std::vector<std::string> faults;
    std::vector<std::string> warnings;
};

// ", did you mean 'title'?", or nothing.
std::string guess_among(const std::string& word, const std::vector<std::string>& known);

}  // namespace assembler
