// SPDX-License-Identifier: Apache-2.0
// What an archive's signed index says of its packages: the text of `Packages` files, read into
// values. With it an installed package is known by the digest of the file that it came in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace imagebuilder {

struct IndexedPackage {
    std::string name;
    std::string version;
    std::string architecture;
    std::string source;    // of the source package; its name is the package's own when not given
    std::string priority;  // "required", "optional": the archive's, not what the package says
    std::string filename;  // below the archive's root: "pool/main/n/nginx/nginx_1.22.1-9_amd64.deb"
    std::string sha256;    // of the .deb, lower-case hex
    std::uint64_t size = 0;  // of the .deb, in bytes
};

// By name, version and architecture.
using PackageKey = std::tuple<std::string, std::string, std::string>;
using PackageIndex = std::map<PackageKey, IndexedPackage>;

// Adds the stanzas of one `Packages` text (deb822). A stanza without name, version or digest is
// left out, and so is one whose name is not among `names`; of two with the same key the first
// stays.
void add_packages(PackageIndex& index, std::string_view text, const std::set<std::string>& names);

// The `Packages` files in a folder that apt-get update filled, compressed or not; the text of one.
std::vector<std::filesystem::path> packages_files(const std::filesystem::path& lists);
std::string read_packages_file(const std::filesystem::path& file);

// All of them.
PackageIndex read_package_index(const std::filesystem::path& lists,
                                const std::set<std::string>& names);

// An installed package, with what the index knows of it.
struct InstalledPackage {
    std::string name;
    std::string version;
    std::string architecture;
    std::string source;    // empty: not known
    std::string priority;  // likewise
    std::string filename;  // empty: it is in no index any more
    std::string sha256;    // likewise
};

std::string package_line(const InstalledPackage& package);  // "name version architecture"

// `lines` are such lines; the result is in their order.
std::vector<InstalledPackage> resolve_packages(const std::vector<std::string>& lines,
                                               const PackageIndex& index);

}  // namespace imagebuilder
