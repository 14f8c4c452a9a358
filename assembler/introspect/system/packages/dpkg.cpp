// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/packages/dpkg.h"

#include <algorithm>
#include <set>

#include "assembler/introspect/system/packages/base_packages.h"
#include "assembler/introspect/system/text.h"
#include "imagebuilder/system/dpkg_status.h"

namespace assembler::introspect {

namespace {

using imagebuilder::ControlField;
using imagebuilder::value_of;

constexpr std::uint64_t kMaxStatusBytes = std::uint64_t{64} << 20U;
constexpr std::uint64_t kMaxListBytes = std::uint64_t{16} << 20U;
constexpr std::uint64_t kMaxAllLists = std::uint64_t{256} << 20U;
constexpr std::size_t kMaxPackages = 50'000;

// " /etc/a 0123… obsolete" on each line.
void add_conffiles(std::string_view lines, const std::string& package, PackageDatabase& database) {
    for (const Line& line : lines_of(lines)) {
        const auto words = words_of(line.text);
        if (words.size() < 2 || words[0].empty() || words[0].front() != '/' ||
            words[1] == "newconffile") {
            continue;
        }
        database.add_configuration({.path = std::string(words[0]),
                                    .md5 = std::string(words[1]),
                                    .package = package,
                                    .may_be_gone = words.size() > 2});
    }
}

// One stanza of a status file; packages that were removed are left out.
void add_stanza(const std::vector<ControlField>& fields, Reading& reading,
                PackageDatabase& database, std::vector<PackageNeeds>& needs) {
    const imagebuilder::DpkgPackage package = imagebuilder::dpkg_package_of(fields);
    if (package.name.empty() || package.is_gone() ||
        reading.facts().packages.size() >= kMaxPackages) {
        return;
    }
    const std::string name(package.name);
    const std::string_view priority = value_of(fields, "Priority");
    const bool is_seed =
        priority == "required" || priority == "important" || value_of(fields, "Essential") == "yes";
    reading.facts().packages.push_back({.name = name,
                                        .version = std::string(package.version),
                                        .architecture = std::string(package.architecture)});
    database.add_package(name, false);
    needs.push_back({.name = name,
                     .depends = std::string(value_of(fields, "Pre-Depends")) + "," +
                                std::string(value_of(fields, "Depends")),
                     .provides = std::string(value_of(fields, "Provides")),
                     .seed = is_seed});
    add_conffiles(value_of(fields, "Conffiles"), name, database);
}

// The package of "/var/lib/dpkg/info/libc6:amd64.list".
std::string package_of_list(std::string_view file, std::string_view ending) {
    file.remove_suffix(ending.size());
    return std::string(file.substr(0, file.find(':')));
}

// "0123…  etc/a" on each line; what lies below /etc is configuration.
void add_checksums(const std::string& text, const std::string& package, PackageDatabase& database) {
    constexpr std::size_t kDigits = 32;
    for (std::size_t at = text.find("  etc/"); at != std::string::npos;
         at = text.find("  etc/", at + 1)) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const bool is_whole = at == kDigits || (at > kDigits && text[at - kDigits - 1] == '\n');
        if (is_whole) {
            database.add_configuration({.path = "/" + text.substr(at + 2, end - at - 2),
                                        .md5 = text.substr(at - kDigits, kDigits),
                                        .package = package});
        }
    }
}

void read_info(Reading& reading, PackageDatabase& database, const std::string& folder) {
    std::set<std::string, std::less<>> installed;
    for (const PackageFact& package : reading.facts().packages) {
        installed.insert(package.name);
    }
    std::uint64_t left = kMaxAllLists;
    for (const imagebuilder::TreeEntry& entry : reading.list(folder)) {
        const bool is_list = entry.name.ends_with(".list");
        if (!is_list && !entry.name.ends_with(".md5sums")) {
            continue;
        }
        const std::string package =
            package_of_list(entry.name, is_list ? std::string_view(".list") : ".md5sums");
        if (!installed.contains(package)) {
            continue;
        }
        if (entry.size > left) {
            reading.remark(
                "the lists of files are too long; who brought a file is not known for all",
                {.file = folder});
            return;
        }
        left -= entry.size;
        reading.part(entry.name, [&] {
            std::string text = reading.tree().read(folder + "/" + entry.name, kMaxListBytes);
            if (is_list) {
                database.add_file_list(database.add_package(package, false), std::move(text));
            } else {
                add_checksums(text, package, database);
            }
        });
    }
}

void mark_automatic(Reading& reading) {
    const auto text = reading.text("/var/lib/apt/extended_states");
    std::set<std::string, std::less<>> automatic;
    imagebuilder::for_each_stanza(text ? *text : "", [&](const std::vector<ControlField>& fields) {
        if (value_of(fields, "Auto-Installed") == "1") {
            automatic.emplace(value_of(fields, "Package"));
        }
    });
    for (PackageFact& package : reading.facts().packages) {
        package.automatic = automatic.contains(package.name);
    }
}

}  // namespace

void read_dpkg(Reading& reading, PackageDatabase& database) {
    const imagebuilder::FileTree& tree = reading.tree();
    std::vector<PackageNeeds> needs;  // one for each package
    const auto read_status = [&](const std::string& path) {
        reading.part(path, [&] {
            const std::string text = tree.read(path, kMaxStatusBytes);
            imagebuilder::for_each_stanza(text, [&](const std::vector<ControlField>& fields) {
                add_stanza(fields, reading, database, needs);
            });
        });
    };
    if (tree.resolve("/var/lib/dpkg/status")) {
        read_status("/var/lib/dpkg/status");
    }
    for (const imagebuilder::TreeEntry& entry : reading.list("/var/lib/dpkg/status.d")) {
        if (!entry.name.ends_with(".md5sums")) {
            read_status("/var/lib/dpkg/status.d/" + entry.name);
        }
    }
    if (!reading.facts().packages.empty()) {
        mark_automatic(reading);
        for (const std::size_t number : find_base_packages(needs)) {
            PackageFact& package = reading.facts().packages.at(number);
            package.base = true;
            database.set_base(database.add_package(package.name, true));
        }
        read_info(reading, database, "/var/lib/dpkg/info");
    }
}

}  // namespace assembler::introspect
