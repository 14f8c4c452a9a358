// SPDX-License-Identifier: Apache-2.0
// The files that plug-ins read in one machine: each once, however many components it belongs to.
// Their numbers are those of SourcePosition. Bounded: a file longer than 4 MiB, or one that comes
// after 64 MiB in all, is a remark and not read. Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "assembler/introspect/facts.h"
#include "assembler/introspect/plugin/lens/traced_text.h"
#include "imagebuilder/filetree/file_tree.h"

namespace assembler::plugin {

class FileCache {
  public:
    FileCache(const imagebuilder::FileTree& tree, std::vector<Remark>& remarks)
        : tree_(tree), remarks_(remarks) {}

    const imagebuilder::FileTree& tree() const { return tree_; }
    // Its whole text; nullopt: there is none, or it is not for reading. Links in the path are
    // resolved: a position names the file itself.
    std::optional<TracedText> read(std::string_view path);
    const std::string& path_of(std::uint32_t file) const { return files_[file].path; }

    Evidence evidence_at(const std::optional<SourcePosition>& position, double confidence) const;
    // Of a value that stands there as it is, on one line.
    std::optional<ValuePlace> place_of(const TracedText& value) const;
    // The same of one file is said once.
    void add_remark(std::string text, const std::optional<SourcePosition>& position);

  private:
    struct File {
        std::string path;
        TracedText text;
        std::vector<std::uint32_t> line_starts;
        bool readable = true;
    };
    // Line and column, from 1.
    std::pair<int, int> line_of(const SourcePosition& position) const;

    const imagebuilder::FileTree& tree_;
    std::vector<Remark>& remarks_;
    std::set<std::string> said_;
    std::vector<File> files_;
    std::map<std::string, std::uint32_t, std::less<>> by_path_;
    std::uint64_t bytes_ = 0;
};

}  // namespace assembler::plugin
