// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/settings/file_cache.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace assembler::plugin {

namespace {

constexpr std::uint64_t kMaxBytesOfMachine = std::uint64_t{64} << 20U;
constexpr std::size_t kMaxFilesOfMachine = 4096;
constexpr std::size_t kMaxRemarks = 200;

}  // namespace

std::optional<TracedText> FileCache::read(std::string_view path) {
    const std::optional<std::string> resolved = tree_.resolve(path);
    if (!resolved) {
        return std::nullopt;
    }
    if (const auto found = by_path_.find(*resolved); found != by_path_.end()) {
        const File& file = files_[found->second];
        return file.readable ? std::optional(file.text) : std::nullopt;
    }
    const auto entry = tree_.find(*resolved);
    if (!entry || entry->type != imagebuilder::TreeEntry::Type::file) {
        return std::nullopt;
    }
    const auto number = static_cast<std::uint32_t>(files_.size());
    File file;
    file.path = *resolved;
    by_path_.emplace(*resolved, number);
    const bool full = bytes_ + entry->size > kMaxBytesOfMachine || number >= kMaxFilesOfMachine;
    auto text = full ? std::nullopt : imagebuilder::read_if_there(tree_, *resolved);
    if (!text) {
        file.readable = false;
        remarks_.push_back({full ? "not read: configuration takes more than 64 MiB or 4096 files"
                                 : "not read: longer than 4 MiB or damaged",
                            {*resolved, 0, 1.0}});
        files_.push_back(std::move(file));
        return std::nullopt;
    }
    bytes_ += text->size();
    file.line_starts.push_back(0);
    for (std::size_t at = text->find('\n'); at != std::string::npos;
         at = text->find('\n', at + 1)) {
        file.line_starts.push_back(static_cast<std::uint32_t>(at + 1));
    }
    file.text = TracedText(std::move(*text), {number, 0});
    files_.push_back(std::move(file));
    return files_.back().text;
}

std::pair<int, int> FileCache::line_of(const SourcePosition& position) const {
    const std::vector<std::uint32_t>& starts = files_[position.file].line_starts;
    const auto next = std::upper_bound(starts.begin(), starts.end(), position.offset);
    const auto line = static_cast<int>(next - starts.begin());
    return {line, static_cast<int>(position.offset - *(next - 1)) + 1};
}

Evidence FileCache::evidence_at(const std::optional<SourcePosition>& position,
                                double confidence) const {
    if (!position) {
        return {"", 0, confidence};
    }
    return {files_[position->file].path, line_of(*position).first, confidence};
}

std::optional<ValuePlace> FileCache::place_of(const TracedText& value) const {
    const std::optional<SourcePosition> position = value.position();
    if (!position || value.text().find('\n') != std::string::npos) {
        return std::nullopt;
    }
    const auto [line, column] = line_of(*position);
    return ValuePlace{files_[position->file].path, line, column,
                      static_cast<int>(value.text().size())};
}

void FileCache::add_remark(std::string text, const std::optional<SourcePosition>& position) {
    Evidence evidence = evidence_at(position, 1.0);
    const std::string key = evidence.file + ": " + text;  // once a file, on whatever lines
    if (said_.size() < kMaxRemarks && said_.insert(key).second) {
        remarks_.push_back({std::move(text), std::move(evidence)});
    }
}

}  // namespace assembler::plugin
