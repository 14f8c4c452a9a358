// SPDX-License-Identifier: Apache-2.0
// What the package manager of a machine knows: the packages, which of them brought a file, and the
// checksums of configuration files as they were brought. dpkg is read (status, status.d, info/),
// and apk's list; the database of RPM is recognised, its packages are listed by libguestfs.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "assembler/introspect/system/reading.h"

namespace assembler::introspect {

// Remarked of a machine whose packages nobody listed.
inline constexpr const char* kRpmRemark =
    "the packages are in an RPM database, which libguestfs lists: apt-get install guestfish";

// A configuration file as its package brought it.
struct BroughtFile {
    std::string path;
    std::string md5;  // lower case
    std::string package;
    bool may_be_gone = false;  // the package does not have it any more
};

class PackageDatabase {
  public:
    PackageDatabase() = default;
    PackageDatabase(PackageDatabase&&) = default;
    PackageDatabase& operator=(PackageDatabase&&) = default;
    PackageDatabase(const PackageDatabase&) = delete;  // views into texts_

    // The package that brought `path` (or had it before /usr was merged); empty: none.
    std::string_view package_of(std::string_view path) const;
    bool is_base(std::string_view package) const;  // of every system of its kind
    bool knows_files() const { return !owners_.empty(); }
    const std::vector<BroughtFile>& configuration() const { return configuration_; }

    // For readers of a database. `list` has a path on each line.
    std::uint32_t add_package(std::string_view name, bool base);
    void add_file_list(std::uint32_t package, std::string list);
    void add_file(std::uint32_t package, std::string path);
    void set_base(std::uint32_t package) { packages_.at(package).base = true; }
    void add_configuration(BroughtFile file) { configuration_.push_back(std::move(file)); }

  private:
    struct Known {
        std::string name;
        bool base = false;
    };
    const Known* find_owner(std::string_view path) const;

    std::vector<Known> packages_;
    std::unordered_map<std::string, std::uint32_t> by_name_;
    std::deque<std::string> texts_;  // of lists; never moved
    std::unordered_map<std::string_view, std::uint32_t> owners_;
    std::vector<BroughtFile> configuration_;
};

// Fills facts.packages too. `listed` are those of an RPM database, from somebody who can read it.
PackageDatabase read_packages(Reading& reading, const std::vector<PackageFact>& listed = {});

// What every system with RPM has.
bool is_rpm_base(std::string_view package);

}  // namespace assembler::introspect
