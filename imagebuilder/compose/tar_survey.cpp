// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/compose/tar_survey.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/interrupt.h"

namespace imagebuilder {

namespace {

constexpr int kMostLinks = 40;  // as the kernel follows
constexpr std::uint64_t kMostContent = 64 * base::kMiB;

std::string join(const std::string& folder, std::string_view name) {
    return folder.empty() ? std::string(name) : folder + "/" + std::string(name);
}

std::string_view folder_in(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view name_in(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

std::string read_content(TarEntries& entries, const FileEntry& entry) {
    if (entry.size > kMostContent) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("'/{}' of the tar is larger than {}", entry.path,
                                      base::format_byte_size(kMostContent)));
    }
    std::string content(entry.size, '\0');
    std::size_t filled = 0;
    while (const std::size_t got =
               entries.read(std::as_writable_bytes(std::span(content)).subspan(filled))) {
        filled += got;
    }
    content.resize(filled);
    return content;
}

}  // namespace

TarSurvey::TarSurvey(TarEntries& entries, const std::function<bool(const FileEntry&)>& wants) {
    std::vector<std::pair<std::string, TarItem>> found;
    FileEntry entry;
    while (entries.next(entry)) {
        base::interrupt().check();
        newest_ = std::max(newest_, entry.mtime);
        links_.erase(entry.path);
        if (entry.type == FileEntry::Type::symlink) {
            links_[entry.path] = entry.link_target;
        } else if (entry.type == FileEntry::Type::file && wants(entry)) {
            contents_[entry.path] = read_content(entries, entry);
        } else if (entry.type == FileEntry::Type::hard_link && wants(entry)) {
            const auto same = contents_.find(entry.link_target);
            if (same != contents_.end()) {
                contents_[entry.path] = same->second;
            }
        }
        found.emplace_back(entry.path, TarItem{entry.type, entry.size, found.size()});
    }
    // Only now all links are known.
    for (auto& [path, item] : found) {
        const auto [at, is_new] = items_.try_emplace(place_of(path), item);
        if (!is_new) {
            at->second = item;
        }
    }
    std::map<std::string, std::string> placed;
    for (auto& [path, content] : contents_) {
        placed[place_of(path)] = std::move(content);
    }
    contents_ = std::move(placed);
}

// `links` counts those of the whole way.
std::optional<std::string> TarSurvey::follow(std::string_view path, int& links) const {
    std::string at;
    while (!path.empty()) {
        const std::size_t slash = std::min(path.find('/'), path.size());
        const std::string_view name = path.substr(0, slash);
        path.remove_prefix(std::min(slash + 1, path.size()));
        if (name == "..") {
            at = folder_in(at);
        } else if (!name.empty() && name != ".") {
            const std::string next = join(at, name);
            const auto link = links_.find(next);
            if (link == links_.end()) {
                at = next;
                continue;
            }
            const bool absolute = link->second.starts_with('/');
            const auto target =
                ++links > kMostLinks
                    ? std::nullopt
                    : follow(absolute ? link->second : join(at, link->second), links);
            if (!target) {
                return std::nullopt;
            }
            at = *target;
        }
    }
    return at;
}

std::string TarSurvey::place_of(const std::string& path) const {
    int links = 0;
    const auto folder = follow(folder_in(path), links);
    if (!folder) {
        throw base::Error(
            base::ErrorKind::invalid_input,
            fmt::format("the links on the way to '/{}' of the tar go in a circle", path));
    }
    return join(*folder, name_in(path));
}

const std::string* TarSurvey::find_content(const std::string& path) const {
    int links = 0;
    const auto place = follow(path, links);
    const auto found = place ? contents_.find(*place) : contents_.end();
    return found == contents_.end() ? nullptr : &found->second;
}

const TarItem* TarSurvey::find(const std::string& path) const {
    const auto found = items_.find(place_of(path));
    return found == items_.end() ? nullptr : &found->second;
}

}  // namespace imagebuilder
