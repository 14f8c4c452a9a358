// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/connect/property_keys.h"

#include <algorithm>
#include <cctype>

#include "base/letter_case.h"

namespace assembler {

namespace {

constexpr std::size_t kLongestHostWord = 63;

int count_outputs(const MachineFacts& machine, std::string_view word) {
    int count = 0;
    for (const Component& component : machine.components) {
        count += static_cast<int>(
            std::count_if(component.outputs.begin(), component.outputs.end(),
                          [&](const Output& output) { return key_word(output.name) == word; }));
    }
    return count;
}

int count_inputs(const MachineFacts& machine, std::string_view word) {
    int count = 0;
    for (const Component& component : machine.components) {
        count += static_cast<int>(
            std::count_if(component.inputs.begin(), component.inputs.end(),
                          [&](const Input& input) { return key_word(input.name) == word; }));
    }
    return count;
}

// "ip." and "ips." in front mean addresses in value templates.
std::string guarded_key(std::string key) {
    return key.starts_with("ip.") || key.starts_with("ips.") ? "x-" + key : key;
}

}  // namespace

std::string key_word(std::string_view text) {
    std::string word;
    for (const char c : base::to_lower(text)) {
        const bool good = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
        if (good) {
            word += c;
        } else if (!word.empty() && word.back() != '.') {
            word += '.';
        }
    }
    while (word.ends_with('.')) {
        word.pop_back();
    }
    return word.empty() ? "x" : word;
}

std::string host_word(std::string_view text) {
    std::string word;
    for (const char c : base::to_lower(text)) {
        const bool good = std::isalnum(static_cast<unsigned char>(c)) != 0;
        if (good) {
            word += c;
        } else if (!word.empty() && word.back() != '-') {
            word += '-';
        }
    }
    word = word.substr(0, kLongestHostWord);
    while (word.ends_with('-')) {
        word.pop_back();
    }
    return word.empty() ? "machine" : word;
}

std::string output_key_prefix(const MachineFacts& machine, const Component& component,
                              const Output& output) {
    const std::string word = key_word(output.name);
    return guarded_key(count_outputs(machine, word) > 1 ? key_word(component.name) + "." + word
                                                        : word);
}

std::string input_key_prefix(const MachineFacts& machine, const Component& component,
                             const Input& input) {
    const std::string word = key_word(input.name);
    const bool taken = count_inputs(machine, word) > 1 || count_outputs(machine, word) > 0;
    return guarded_key(taken ? key_word(component.name) + "." + word : word);
}

std::string property_key(const Component& component, const PropertyFact& property) {
    return guarded_key(key_word(component.name) + "." + key_word(property.key));
}

}  // namespace assembler
