// SPDX-License-Identifier: Apache-2.0
// The Debian packages that builds take from: this host's apt sources for one release, their index
// and the packages fetched so far, kept in cache_dir()/apt for all builds. Safe across processes
// (locks).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/process.h"

namespace imagebuilder {

struct AptIndex {
    std::string release;
    std::filesystem::path folder;  // lists/, archives/, bootstrap/, sources.list, apt.conf
    std::string sources;           // one-line format
    std::string image_sources;     // what the image gets as its own; the same but for locked builds
    std::filesystem::path repository;  // of a lock file's packages; empty: `sources` are archives
    std::string digest;                // of the signed index: changes when the archive changes
    std::int64_t epoch = 0;            // when the newest index was made, as it says itself
};

// Where a locked build's packages are seen in the tree.
inline constexpr const char* kLockedRepository = "/run/muster/repository";

// A program of apt's or dpkg's, ready to run: its messages in English, ten minutes at most.
base::Command apt_command(std::vector<std::string> argv);

// The time of a signed index ("Date:" in its Release text), seconds since 1970; 0: it has none.
std::int64_t date_of_release(const std::string& text);

// The index of a release, fetched when there is none or when it is older than a day.
AptIndex open_apt_index(const std::string& release);
// Fetches it again whatever its age: packages named by an old index go away.
AptIndex refresh_apt_index(const AptIndex& old);

// argv, a program of apt's, on this host with this index alone, and as if nothing were installed.
base::Command index_command(const AptIndex& index, std::vector<std::string> argv);

// What a sandbox needs so that apt-get works in it.
std::vector<std::pair<std::filesystem::path, std::string>> apt_binds(const AptIndex& index);
std::map<std::string, std::string> apt_env();

// The host's sources of this release as one-line entries, from apt-get indextargets' output
// (URI|suite|component|architecture lines). Only Debian's own suites and components are taken.
std::string select_sources(const std::string& targets, const std::string& release);

}  // namespace imagebuilder
