// SPDX-License-Identifier: Apache-2.0
// For each rule about descriptors a way to break it: replacements in the clean descriptor.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/ovfkit/lint/clean_descriptor.h"

namespace tests {

using Replacements = std::vector<std::pair<std::string, std::string>>;

struct DescriptorExample {
    std::string_view rule;
    Replacements replacements;

    std::string text() const {
        std::string text = kCleanDescriptor;
        for (const auto& [from, to] : replacements) {
            text = replaced(std::move(text), from, to);
        }
        return text;
    }
};

// Rules of the bytes, of the reader and of the envelope.
const std::vector<DescriptorExample>& envelope_examples();
// Rules of files, disks, systems and products.
const std::vector<DescriptorExample>& content_examples();
// Rules of hardware.
const std::vector<DescriptorExample>& hardware_examples();

}  // namespace tests
