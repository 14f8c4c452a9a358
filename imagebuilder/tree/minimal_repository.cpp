// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/minimal_repository.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <set>
#include <tuple>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/evidence/package_index.h"
#include "imagebuilder/tree/locked_index.h"
#include "imagebuilder/tree/plain_package.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::array<std::string_view, 6> kFileFields{"Filename", "Size",   "MD5sum",
                                                      "SHA1",     "SHA256", "SHA512"};
constexpr std::string_view kVersion = "muster minimal repository 1\n";  // of what is in the folder

std::vector<std::string> read_packages_texts(const AptIndex& index) {
    std::vector<std::string> texts;
    for (const fs::path& file : packages_files(index.folder / "lists")) {
        texts.push_back(read_packages_file(file));
    }
    return texts;
}

std::vector<std::string> install_words(const std::vector<std::string>& names,
                                       const std::string& how) {
    std::vector<std::string> words{"apt-get", "-q", how, "--no-install-recommends",
                                   "install", "--"};
    words.insert(words.end(), names.begin(), names.end());
    return words;
}

std::vector<ChosenPackage> choose(const AptIndex& index, const std::vector<std::string>& names) {
    std::vector<ChosenPackage> chosen =
        chosen_packages(base::run_checked(index_command(index, install_words(names, "-s"))).out);
    std::sort(chosen.begin(), chosen.end());
    return chosen;
}

fs::path fetched_path(const AptIndex& index, const ChosenPackage& package) {
    return index.folder / "bootstrap" /
           deb_file_name({package.name, package.version, package.architecture, "", "", "", ""});
}

// Fetches into the folder "bootstrap", where apt checks what it fetches against the signed index.
void fetch(const AptIndex& index, const std::vector<std::string>& names,
           const std::vector<ChosenPackage>& chosen) {
    const bool all_there = std::all_of(chosen.begin(), chosen.end(), [&](const auto& package) {
        return fs::exists(fetched_path(index, package));
    });
    if (all_there) {
        return;
    }
    base::make_dirs(index.folder / "bootstrap/partial", 0755);
    base::Command command = index_command(index, install_words(names, "-y"));
    command.argv.insert(command.argv.begin() + 1,
                        {"--download-only", "-o",
                         "Dir::Cache::archives=" + (index.folder / "bootstrap").string() + "/"});
    base::run_checked(command);
}

// The stanzas of what was chosen, with the plain files that are in the folder.
std::string describe(const std::vector<std::string>& texts,
                     const std::vector<ChosenPackage>& chosen, const AptIndex& index,
                     const fs::path& folder) {
    std::map<ChosenPackage, std::string> stanzas;
    const std::set<ChosenPackage> wanted(chosen.begin(), chosen.end());
    for (const std::string& text : texts) {
        for_each_stanza(text, [&](const std::vector<ControlField>& stanza) {
            const ChosenPackage package{std::string(value_of(stanza, "Package")),
                                        std::string(value_of(stanza, "Version")),
                                        std::string(value_of(stanza, "Architecture"))};
            if (wanted.contains(package) && !stanzas.contains(package)) {
                const fs::path file = folder / fetched_path(index, package).filename();
                stanzas.emplace(package,
                                stanza_for(stanza, file.filename().string(), base::file_size(file),
                                           base::sha256_of_file(file.string())));
            }
        });
    }
    std::string packages;
    for (const ChosenPackage& package : chosen) {
        const auto at = stanzas.find(package);
        if (at == stanzas.end()) {
            throw Error(ErrorKind::environment,
                        fmt::format("the package index has no '{}' of version {}", package.name,
                                    package.version));
        }
        packages += at->second + "\n";
    }
    return packages;
}

// Versions that the index of another day had.
void remove_others(const fs::path& folder, const std::vector<fs::path>& debs) {
    std::set<fs::path> wanted;
    for (const fs::path& deb : debs) {
        wanted.insert(deb.filename());
    }
    std::vector<fs::path> others;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() == ".deb" && !wanted.contains(entry.path().filename())) {
            others.push_back(entry.path());
        }
    }
    for (const fs::path& other : others) {
        base::remove_all(other);
    }
}

void fill(const AptIndex& index, const fs::path& folder) {
    const std::vector<std::string> texts = read_packages_texts(index);
    const std::vector<std::string> names = minimal_names(texts);
    const std::vector<ChosenPackage> chosen = choose(index, names);
    fetch(index, names, chosen);
    std::vector<fs::path> debs;
    debs.reserve(chosen.size());
    for (const ChosenPackage& package : chosen) {
        debs.push_back(fetched_path(index, package));
    }
    remove_others(folder, debs);
    write_plain_packages(debs, folder);
    const std::string packages = describe(texts, chosen, index, folder);
    base::write_file(folder / "Packages", packages);
    base::write_file(folder / "Release", flat_release(index.release, index.epoch, packages));
}

}  // namespace

fs::path prepare_minimal_repository(const AptIndex& index) {
    const fs::path folder = index.folder / "minimal";
    const fs::path ready = folder / "ready";
    const std::string state = std::string(kVersion) + index.digest + "\n";
    if (fs::exists(ready) && base::read_file(ready) == state) {
        return folder;
    }
    base::make_dirs(folder, 0755);
    base::remove_all(ready);
    fill(index, folder);
    base::write_file(ready, state);
    return folder;
}

bool ChosenPackage::operator<(const ChosenPackage& other) const {
    return std::tie(name, version, architecture) <
           std::tie(other.name, other.version, other.architecture);
}

std::vector<std::string> minimal_names(const std::vector<std::string>& packages_texts) {
    std::set<std::string> names;
    for (const std::string& text : packages_texts) {
        for_each_stanza(text, [&](const std::vector<ControlField>& stanza) {
            if (value_of(stanza, "Essential") == "yes" ||
                value_of(stanza, "Priority") == "required") {
                names.emplace(value_of(stanza, "Package"));
            }
        });
    }
    if (names.empty()) {
        throw Error(ErrorKind::environment, "the package index has no essential packages");
    }
    names.insert("apt");
    return {names.begin(), names.end()};
}

std::vector<ChosenPackage> chosen_packages(std::string_view simulation) {
    std::vector<ChosenPackage> chosen;
    while (!simulation.empty()) {
        const std::size_t end = std::min(simulation.find('\n'), simulation.size());
        std::string_view line = simulation.substr(0, end);
        simulation.remove_prefix(std::min(end + 1, simulation.size()));
        constexpr std::string_view kInstall = "Inst ";
        const std::size_t open = line.find(" (");
        const std::size_t bracket = line.find(" [", open == std::string_view::npos ? 0 : open);
        const std::size_t close = line.find("])", bracket == std::string_view::npos ? 0 : bracket);
        if (!line.starts_with(kInstall) || open == std::string_view::npos ||
            bracket == std::string_view::npos || close == std::string_view::npos) {
            continue;
        }
        const std::string_view name = line.substr(kInstall.size(), open - kInstall.size());
        const std::string_view inside = line.substr(open + 2, bracket - open - 2);
        chosen.push_back({std::string(name.substr(0, name.find(':'))),
                          std::string(inside.substr(0, inside.find(' '))),
                          std::string(line.substr(bracket + 2, close - bracket - 2))});
    }
    return chosen;
}

std::string stanza_for(const std::vector<ControlField>& stanza, const std::string& file_name,
                       std::uint64_t size, const std::string& sha256) {
    std::string text;
    for (const ControlField& field : stanza) {
        if (std::find(kFileFields.begin(), kFileFields.end(), field.name) == kFileFields.end()) {
            text += fmt::format("{}: {}\n", field.name, field.value);
        }
    }
    return text + fmt::format("Filename: ./{}\nSize: {}\nSHA256: {}\n", file_name, size, sha256);
}

std::string flat_release(const std::string& release, std::int64_t epoch,
                         const std::string& packages) {
    return fmt::format(
        "Suite: {0}\nCodename: {0}\nDate: {1:%a, %d %b %Y %H:%M:%S} UTC\n"
        "Architectures: amd64\nSHA256:\n {2} {3} Packages\n",
        release, fmt::gmtime(static_cast<std::time_t>(epoch)),
        base::digest_hex(base::DigestAlgorithm::sha256, packages), packages.size());
}

}  // namespace imagebuilder
