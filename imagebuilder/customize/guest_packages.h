// SPDX-License-Identifier: Apache-2.0
// Debian packages for a guest that libguestfs runs without a network: this host's apt says what is
// missing in it, fetches that from this host's archives, and the guest's own apt installs the
// files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "imagebuilder/customize/guest_steps.h"
#include "imagebuilder/customize/package_manager.h"
#include "imagebuilder/tree/apt.h"

namespace imagebuilder {

// Changes the packages by the index; `where` is the operation's name.
void change_guest_packages(GuestfishSession& session, GuestSteps& steps, const AptIndex& index,
                           const std::filesystem::path& work, const PackageChange& change,
                           const std::string& where);

// ---- pure parts

// A dpkg status of a stranger with what apt needs to know of it: known fields of one line,
// printable, of a bounded length.
std::string plain_dpkg_status(std::string_view status);

struct SimulatedPackage {
    std::string name;
    std::string version;
    std::string architecture;
    bool is_new = false;  // not there yet in any version
};
// "Inst less (590-2 Debian:12/stable [amd64])" of `apt-get -s`.
std::vector<SimulatedPackage> parse_simulation(std::string_view text);
// As apt calls it in its archive: "less_590-2_amd64.deb", the epoch's colon as "%3a".
std::string deb_file_name(const SimulatedPackage& package);
// "nginx=1.2", "nginx:amd64", "nginx/bookworm" → "nginx".
std::string plain_package_name(const std::string& wanted);

}  // namespace imagebuilder
