// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/packages/changed_files.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "assembler/introspect/system/packages/generated_files.h"
#include "assembler/introspect/system/text.h"
#include "base/crypto/md5.h"

namespace assembler::introspect {

namespace {

using imagebuilder::TreeEntry;

constexpr int kMaxAddedDepth = 12;
constexpr int kMaxWalkedEntries = 50'000;
constexpr std::size_t kMaxAdded = 2000;
constexpr std::uint64_t kMaxBroughtBytes = std::uint64_t{16} << 20U;

// ucf looks after files that packages make at installation: a line is "md5  path" in its hashfile,
// which says how they were made, and "package path" in its registry. By path.
std::map<std::string, std::string> read_ucf(Reading& reading, const std::string& file) {
    std::map<std::string, std::string> values;
    const auto text = reading.text(file);
    for (const Line& line : text ? statements_of(*text) : std::vector<Line>()) {
        const auto words = words_of(line.text);
        if (words.size() == 2) {
            values[std::string(words[1])] = std::string(words[0]);
        }
    }
    return values;
}

// A walk below some folders, bounded over all of them.
class AdditionWalk {
  public:
    AdditionWalk(Reading& reading, const PackageDatabase& packages, std::set<std::string> known)
        : reading_(reading), packages_(packages), known_(std::move(known)) {}

    void walk(const std::string& folder, int depth) {
        for (const TreeEntry& entry : reading_.list(folder)) {
            if (++seen_ > kMaxWalkedEntries || added_.size() >= kMaxAdded) {
                is_cut_ = true;
                return;
            }
            const std::string path = folder + "/" + entry.name;
            if (entry.type == TreeEntry::Type::directory) {
                if (depth < kMaxAddedDepth && !is_program_folder(entry.name)) {
                    walk(path, depth + 1);
                }
            } else if (entry.type != TreeEntry::Type::other && !known_.contains(path) &&
                       packages_.package_of(path).empty() &&
                       !is_generated(reading_, path, entry.type)) {
                added_.push_back({.path = path, .change = ChangedFile::Change::added});
            }
        }
    }

    std::vector<ChangedFile> finish() {
        if (is_cut_) {
            reading_.remark(
                fmt::format("too many files were added; the first {} are listed", added_.size()));
        }
        return std::move(added_);
    }

  private:
    // Whole libraries of programs: what is in them is not written by hand.
    static bool is_program_folder(std::string_view name) {
        return name == "node_modules" || name == ".git" || name == "__pycache__" ||
               name == "site-packages" || name == ".venv" || name == "venv";
    }

    Reading& reading_;
    const PackageDatabase& packages_;
    std::set<std::string> known_;
    std::vector<ChangedFile> added_;
    int seen_ = 0;
    bool is_cut_ = false;
};

// How the file is now against how it was brought; nullopt: the same.
std::optional<ChangedFile::Change> compare_brought(Reading& reading, const BroughtFile& file) {
    const auto target = reading.tree().resolve(file.path);
    if (!target) {
        return file.may_be_gone ? std::nullopt : std::optional(ChangedFile::Change::removed);
    }
    std::string content;
    try {
        content = reading.tree().read(*target, kMaxBroughtBytes);
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::not_found &&
            error.kind() != base::ErrorKind::invalid_input) {
            throw;
        }
        return ChangedFile::Change::modified;  // a folder, a device, something huge: not it
    }
    return base::md5_hex(content) == file.md5 ? std::nullopt
                                              : std::optional(ChangedFile::Change::modified);
}

// Links that were made when their package was installed, and are gone.
std::vector<ChangedFile> find_missing_links(Reading& reading, const PackageDatabase& packages) {
    std::vector<ChangedFile> missing;
    for (MadeLink& link : links_made_by_packages()) {
        const std::string_view package = packages.package_of(link.target);
        if (!package.empty() && reading.tree().find(link.target) &&
            !reading.tree().find(link.path)) {
            missing.push_back({.path = std::move(link.path),
                               .change = ChangedFile::Change::removed,
                               .package = std::string(package)});
        }
    }
    return missing;
}

}  // namespace

void find_changed_files(Reading& reading, const PackageDatabase& packages) {
    std::vector<ChangedFile>& changed = reading.facts().changed_files;
    std::set<std::string> compared;
    const auto compare = [&](const BroughtFile& file) {
        if (!compared.insert(file.path).second) {
            return;  // of two architectures of a package, or named as checksum too
        }
        if (const auto change = compare_brought(reading, file)) {
            changed.push_back({.path = file.path, .change = *change, .package = file.package});
        }
    };
    for (const BroughtFile& file : packages.configuration()) {
        compare(file);
    }
    const auto owners = read_ucf(reading, "/var/lib/ucf/registry");
    for (const auto& [path, md5] : read_ucf(reading, "/var/lib/ucf/hashfile")) {
        const auto owner = owners.find(path);
        if (owner != owners.end()) {  // a package that was purged left it otherwise
            compare({.path = path, .md5 = md5, .package = owner->second});
        }
    }
    if (packages.knows_files()) {
        AdditionWalk additions(reading, packages, std::move(compared));
        for (const char* folder : {"/etc", "/usr/local", "/opt", "/srv"}) {
            additions.walk(folder, 0);
        }
        for (const auto& more : {additions.finish(), find_missing_links(reading, packages)}) {
            changed.insert(changed.end(), more.begin(), more.end());
        }
    }
    std::sort(changed.begin(), changed.end(),
              [](const ChangedFile& a, const ChangedFile& b) { return a.path < b.path; });
}

}  // namespace assembler::introspect
