// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/freeze/plan_freeze.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace hvruntime::agent {

namespace {

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        const std::size_t end = std::min(line.find(' '), line.size());
        if (end > 0) {
            words.push_back(line.substr(0, end));
        }
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    return words;
}

// "\040" is a space and so on.
std::string unescape_mount(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned code = 0;
        const char* digits = text.data() + i + 1;
        if (text[i] == '\\' && i + 3 < text.size() &&
            std::from_chars(digits, digits + 3, code, 8).ptr == digits + 3) {
            plain += static_cast<char>(code);
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

bool has_word(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(','), list.size());
        if (list.substr(0, end) == word) {
            return true;
        }
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return false;
}

std::optional<unsigned> number_of(std::string_view text) {
    unsigned number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    return error == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

struct Mount {
    FreezableMount mount;
    std::string source;
};

// "36 35 8:1 / /mnt rw,noatime shared:1 - ext4 /dev/sda1 rw"
std::optional<Mount> find_mount(std::string_view line) {
    const std::vector<std::string_view> words = words_of(line);
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (dash - words.begin() < 6 || words.end() - dash < 4) {
        return std::nullopt;
    }
    const std::size_t colon = std::min(words[2].find(':'), words[2].size());
    const auto major = number_of(words[2].substr(0, colon));
    const auto minor = number_of(words[2].substr(std::min(colon + 1, words[2].size())));
    const std::string_view source = *(dash + 2);
    // What is read only there cannot be written to by another mount of it; what is only mounted so
    // can.
    if (!major || !minor || !source.starts_with("/dev/") || has_word(*(dash + 3), "ro")) {
        return std::nullopt;
    }
    return Mount{{unescape_mount(words[4]), *major, *minor}, std::string(source)};
}

}  // namespace

std::vector<FreezableMount> plan_freeze(std::string_view mountinfo) {
    std::vector<Mount> mounts;
    while (!mountinfo.empty()) {
        const std::size_t end = std::min(mountinfo.find('\n'), mountinfo.size());
        auto mount = find_mount(mountinfo.substr(0, end));
        mountinfo.remove_prefix(std::min(end + 1, mountinfo.size()));
        // One file system in several places (bind mounts, subvolumes) is frozen once.
        const bool known =
            mount && std::any_of(mounts.begin(), mounts.end(), [&](const Mount& other) {
                return other.source == mount->source || (other.mount.major == mount->mount.major &&
                                                         other.mount.minor == mount->mount.minor);
            });
        if (mount && !known) {
            mounts.push_back(std::move(*mount));
        }
    }
    std::vector<FreezableMount> plan;
    for (auto mount = mounts.rbegin(); mount != mounts.rend(); ++mount) {
        plan.push_back(std::move(mount->mount));
    }
    return plan;
}

}  // namespace hvruntime::agent
