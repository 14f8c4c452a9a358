// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/evidence/license/read_licenses.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/error.h"
#include "base/fd.h"
#include "base/interrupt.h"
#include "ovfkit/package/source/filter/unpacker.h"

namespace imagebuilder {

namespace {

constexpr std::string_view kDocFolder = "usr/share/doc/";
constexpr std::string_view kCopyright = "/copyright";
constexpr std::string_view kPacked = ".gz";

// nullopt: damaged, or longer than a copyright file may be.
std::optional<std::string> unpack_copyright(std::string_view packed) {
    const auto unpacker = ovfkit::make_gzip_unpacker();
    std::span<const std::byte> rest = base::as_bytes(packed);
    std::string text;
    std::array<std::byte, 16384> buffer{};
    try {
        while (true) {
            const ovfkit::Unpacker::Step step = unpacker->step(rest, buffer, true);
            rest = rest.subspan(step.consumed);
            text += base::as_text(std::span(buffer).first(step.produced));
            if (text.size() > kMostCopyrightFile) {
                return std::nullopt;
            }
            if (step.consumed == 0 && step.produced == 0) {
                return text;
            }
        }
    } catch (const base::Error&) {
        return std::nullopt;
    }
}

// Debian's policy: lower-case letters, digits and "+-." (5.6.1). It becomes part of a path.
bool is_package_name(std::string_view name) {
    return !name.empty() && name.front() != '.' &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+-.") ==
               std::string_view::npos;
}

}  // namespace

bool is_copyright_path(std::string_view path) {
    if (!path.starts_with(kDocFolder)) {
        return false;
    }
    path.remove_prefix(kDocFolder.size());
    if (path.ends_with(kPacked)) {
        path.remove_suffix(kPacked.size());
    }
    return path.ends_with(kCopyright) && path.find('/') == path.size() - kCopyright.size();
}

PackageLicenses find_licenses(const std::vector<std::string>& lines, const ReadCopyright& read) {
    PackageLicenses licenses;
    for (const std::string& line : lines) {
        base::interrupt().check();
        const std::string name = line.substr(0, line.find(' '));
        if (!is_package_name(name) || licenses.contains(name)) {
            continue;
        }
        const std::string path = std::string(kDocFolder) + name + std::string(kCopyright);
        std::optional<std::string> text = read(path);
        if (!text) {
            const std::optional<std::string> packed = read(path + std::string(kPacked));
            text = packed ? unpack_copyright(*packed) : std::nullopt;
        }
        PackageLicense license = text ? license_of_copyright(*text) : PackageLicense{};
        if (!license.terms.empty()) {
            licenses.emplace(name, std::move(license));
        }
    }
    return licenses;
}

PackageLicenses read_licenses(const std::vector<std::string>& lines, const FileTree& tree) {
    std::uint64_t left = kMostCopyrightBytes;
    return find_licenses(lines, [&](const std::string& path) -> std::optional<std::string> {
        try {
            std::string text = tree.read("/" + path, std::min(left, kMostCopyrightFile));
            left -= text.size();
            return text;
        } catch (const base::Error&) {
            return std::nullopt;  // a package whose file cannot be read has no licence that we know
        }
    });
}

}  // namespace imagebuilder
