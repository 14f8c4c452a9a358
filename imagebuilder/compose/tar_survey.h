// SPDX-License-Identifier: Apache-2.0
// What is in a tar of a root file system, found in one pass before its content is used: paths,
// types, sizes, where links lead, and the content of a few files. A stranger's tar is taken as GNU
// tar would unpack it: a later entry of the same path replaces the earlier, folders may be links. A
// value.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "imagebuilder/disk/file_entry.h"
#include "imagebuilder/disk/tar_entries.h"

namespace imagebuilder {

struct TarItem {
    FileEntry::Type type = FileEntry::Type::file;
    std::uint64_t size = 0;
    std::uint64_t number = 0;  // of its last entry in the tar
};

class TarSurvey {
  public:
    // Reads to the end. `wants` picks the files whose content is kept, at most 64 MiB each; a hard
    // link that it picks has the content of its file when that was picked too. Throws invalid_input
    // for links in a circle, and what TarEntries throws.
    TarSurvey(TarEntries& entries, const std::function<bool(const FileEntry&)>& wants);

    // Where an entry of this path is: links among its folders are followed.
    std::string place_of(const std::string& path) const;
    // Links among the folders of `path` are followed; itself it may be one.
    const TarItem* find(const std::string& path) const;
    const std::map<std::string, TarItem>& items() const { return items_; }
    // Of those that were wanted; by place.
    const std::map<std::string, std::string>& contents() const { return contents_; }
    // The same where all links of a path lead, the last one too; nullptr: to nothing wanted.
    const std::string* find_content(const std::string& path) const;
    std::int64_t newest() const { return newest_; }  // time of an entry; 0 for an empty tar

  private:
    // All links of the path followed; nullopt: they go in a circle.
    std::optional<std::string> follow(std::string_view path, int& links) const;

    std::map<std::string, TarItem> items_;      // by place
    std::map<std::string, std::string> links_;  // symbolic ones, by path as it is in the tar
    std::map<std::string, std::string> contents_;
    std::int64_t newest_ = 0;
};

}  // namespace imagebuilder
