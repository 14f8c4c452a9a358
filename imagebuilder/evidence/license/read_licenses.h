// SPDX-License-Identifier: Apache-2.0
// Finds the copyright files of installed packages in a tree or in a tar that passes by, and reads
// them within bounds: at most kMostCopyrightFile of each and kMostCopyrightBytes of all together.
// What is missing, longer or damaged, and links that lead out of the tree, leave a package without
// a licence; nothing here fails a build.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_size.h"
#include "imagebuilder/evidence/license/package_license.h"
#include "imagebuilder/filetree/file_tree.h"

namespace imagebuilder {

inline constexpr std::uint64_t kMostCopyrightFile = 4 * base::kMiB;
inline constexpr std::uint64_t kMostCopyrightBytes = 96 * base::kMiB;

// By name of the package, without those of which nothing is known.
using PackageLicenses = std::map<std::string, PackageLicense>;

// "usr/share/doc/PACKAGE/copyright", or the same with ".gz".
bool is_copyright_path(std::string_view path);

// `read` gets such paths; nullopt: there is none. `lines` are "name version architecture".
using ReadCopyright = std::function<std::optional<std::string>(const std::string& path)>;
PackageLicenses find_licenses(const std::vector<std::string>& lines, const ReadCopyright& read);

PackageLicenses read_licenses(const std::vector<std::string>& lines, const FileTree& tree);

}  // namespace imagebuilder
