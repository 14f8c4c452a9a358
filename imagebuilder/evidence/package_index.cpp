// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/evidence/package_index.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "base/process.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLargestIndex = std::size_t{512} << 20U;

std::string_view stanza_value(std::string_view line) {
    const std::size_t colon = line.find(':');
    std::string_view value = line.substr(colon + 1);
    const std::size_t from = value.find_first_not_of(" \t");
    return from == std::string_view::npos ? std::string_view() : value.substr(from);
}

void set_field(IndexedPackage& package, std::string_view line) {
    const std::string_view field = line.substr(0, line.find(':'));
    const std::string value(stanza_value(line));
    if (field == "Package") {
        package.name = value;
    } else if (field == "Version") {
        package.version = value;
    } else if (field == "Architecture") {
        package.architecture = value;
    } else if (field == "Source") {
        package.source = value.substr(0, value.find(' '));  // "glibc (2.36-9)"
    } else if (field == "Priority") {
        package.priority = value;
    } else if (field == "Filename") {
        package.filename = value;
    } else if (field == "SHA256") {
        package.sha256 = value;
    } else if (field == "Size") {
        std::from_chars(value.data(), value.data() + value.size(), package.size);
    }
}

}  // namespace

void add_packages(PackageIndex& index, std::string_view text, const std::set<std::string>& names) {
    IndexedPackage package;
    const auto end_stanza = [&] {
        if (names.contains(package.name) && !package.version.empty() && !package.sha256.empty()) {
            if (package.source.empty()) {
                package.source = package.name;
            }
            PackageKey key{package.name, package.version, package.architecture};
            index.emplace(std::move(key), std::move(package));
        }
        package = {};
    };
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty()) {
            end_stanza();
        } else if (line.starts_with("Package:")) {
            set_field(package, line);
        } else if (names.contains(package.name) && line.front() != ' ' && line.front() != '\t' &&
                   line.find(':') != std::string_view::npos) {
            set_field(package, line);
        }
    }
    end_stanza();
}

std::vector<fs::path> packages_files(const fs::path& lists) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(lists)) {
        if (entry.path().filename().string().find("_Packages") != std::string::npos) {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

// An index is large: apt's helper unpacks what apt keeps compressed.
std::string read_packages_file(const fs::path& file) {
    base::Command command;
    command.argv = {"/usr/lib/apt/apt-helper", "cat-file", file.string()};
    command.timeout = std::chrono::minutes(2);
    command.stdout_limit = kLargestIndex;
    return base::run_checked(command).out;
}

PackageIndex read_package_index(const fs::path& lists, const std::set<std::string>& names) {
    PackageIndex index;
    for (const fs::path& file : packages_files(lists)) {
        add_packages(index, read_packages_file(file), names);
    }
    return index;
}

std::string package_line(const InstalledPackage& package) {
    return package.name + " " + package.version + " " + package.architecture;
}

std::vector<InstalledPackage> resolve_packages(const std::vector<std::string>& lines,
                                               const PackageIndex& index) {
    std::vector<InstalledPackage> packages;
    for (const std::string& line : lines) {
        std::istringstream words(line);
        InstalledPackage package;
        words >> package.name >> package.version >> package.architecture;
        const auto at = index.find({package.name, package.version, package.architecture});
        if (at != index.end()) {
            package.source = at->second.source;
            package.priority = at->second.priority;
            package.filename = at->second.filename;
            package.sha256 = at->second.sha256;
        }
        packages.push_back(std::move(package));
    }
    return packages;
}

}  // namespace imagebuilder
