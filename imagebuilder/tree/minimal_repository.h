// SPDX-License-Identifier: Apache-2.0
// The packages of a minimal Debian as an archive of their own, so that mmdebstrap is done with them
// soon: apt chooses and fetches them from the whole index, once for each state of it; what is left
// to read is a list of some hundred packages, and files that nobody has to decompress. What is
// installed of them is what mmdebstrap would have taken from the whole index.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "imagebuilder/system/control_stanza.h"
#include "imagebuilder/tree/apt.h"

namespace imagebuilder {

// Throws what apt fails with; environment when the index has no essential packages.
//
// The folder has *.deb, "Packages" and "Release"; it is the index's own. The caller holds
// bootstrap.lock.
std::filesystem::path prepare_minimal_repository(const AptIndex& index);

// ---- Its parts, pure functions of texts

// Of a package that mmdebstrap's variant "minbase" starts from: essential or required, and apt.
std::vector<std::string> minimal_names(const std::vector<std::string>& packages_texts);

// "Inst libc6 (2.36-9 Debian:12/stable [amd64])": what apt-get --simulate would install.
struct ChosenPackage {
    std::string name;
    std::string version;
    std::string architecture;
    bool operator<(const ChosenPackage& other) const;
    bool operator==(const ChosenPackage& other) const = default;
};
std::vector<ChosenPackage> chosen_packages(std::string_view simulation);

// The stanza without what it says of the file, which is another one now.
std::string stanza_for(const std::vector<ControlField>& stanza, const std::string& file_name,
                       std::uint64_t size, const std::string& sha256);

// The Release text of a flat archive with this one index. mmdebstrap looks for the essential
// packages of a release by its name.
std::string flat_release(const std::string& release, std::int64_t epoch,
                         const std::string& packages);

}  // namespace imagebuilder
