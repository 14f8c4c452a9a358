// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/filetree/disk/fstab.h"

#include <algorithm>
#include <array>

namespace imagebuilder {

namespace {

constexpr std::size_t kMostFstabMounts = 256;

bool is_octal(char c) {
    return c >= '0' && c <= '7';
}

// "\040" is a space and so on.
std::string unescape_fstab(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) &&
            is_octal(text[i + 2]) && is_octal(text[i + 3])) {
            plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                       (text[i + 3] - '0'));
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

std::string take_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end);
    return unescape_fstab(word);
}

// UUID="…" means the same as UUID=….
std::string without_quotes(std::string device) {
    std::erase(device, '"');
    return device;
}

}  // namespace

std::vector<FstabMount> parse_fstab(std::string_view text) {
    std::vector<FstabMount> mounts;
    while (!text.empty() && mounts.size() < kMostFstabMounts) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.empty() && line.back() == '\r') {
            line.remove_suffix(1);
        }
        FstabMount mount;
        mount.device = without_quotes(take_word(line));
        mount.place = take_word(line);
        mount.type = take_word(line);
        const std::string options = "," + take_word(line) + ",";
        mount.needed = options.find(",noauto,") == std::string::npos &&
                       options.find(",nofail,") == std::string::npos;
        const bool named =
            mount.device.find('=') != std::string::npos || mount.device.starts_with("/dev/");
        if (!named || mount.device.front() == '#' || !mount.place.starts_with('/') ||
            mount.type.empty() || mount.type == "swap") {
            continue;
        }
        mounts.push_back(std::move(mount));
    }
    return mounts;
}

}  // namespace imagebuilder
