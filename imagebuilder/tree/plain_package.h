// SPDX-License-Identifier: Apache-2.0
// Debian packages whose files nobody has to decompress again: the same package, installed in a
// fraction of the time where it is installed often, or unpacked more than once.
#pragma once

#include <filesystem>
#include <vector>

namespace imagebuilder {

// A copy of a .deb with its files as plain data.tar; what else is in it stays as it is (deb(5)).
// Throws invalid_input for what is no package; then, as for all errors, there is no copy.
void write_plain_package(const std::filesystem::path& deb, const std::filesystem::path& plain);

// Of several packages into a folder, under their own names, by all processors. Those that are there
// stay as they are.
void write_plain_packages(const std::vector<std::filesystem::path>& debs,
                          const std::filesystem::path& folder);

}  // namespace imagebuilder
