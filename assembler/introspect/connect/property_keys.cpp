// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/connect/property_keys.h"

#include <algorithm>
#include <cctype>

#include "base/letter_case.h"

namespace assembler {

namespace {

constexpr std::size_t kLongestHostWord = 63;

// How many inputs, or outputs, of a machine have a key of this word.
template <typename Endpoint>
std::ptrdiff_t count_word(const MachineFacts& machine, std::vector<Endpoint> Component::*endpoints,
                          std::string_view word) {
    std::ptrdiff_t count = 0;
    for (const Component& component : machine.components) {
        const std::vector<Endpoint>& list = component.*endpoints;
        count += std::count_if(list.begin(), list.end(), [&](const Endpoint& endpoint) {
            return key_word(endpoint.name) == word;
        });
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
    return guarded_key(count_word(machine, &Component::outputs, word) > 1
                           ? key_word(component.name) + "." + word
                           : word);
}

std::string input_key_prefix(const MachineFacts& machine, const Component& component,
                             const Input& input) {
    const std::string word = key_word(input.name);
    const bool taken = count_word(machine, &Component::inputs, word) > 1 ||
                       count_word(machine, &Component::outputs, word) > 0;
    return guarded_key(taken ? key_word(component.name) + "." + word : word);
}

std::string property_key(const Component& component, const PropertyFact& property) {
    return guarded_key(key_word(component.name) + "." + key_word(property.key));
}

}  // namespace assembler
