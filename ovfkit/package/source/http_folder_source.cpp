// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/source/http_folder_source.h"

#include <array>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/http_client.h"
#include "ovfkit/descriptor/read_envelope.h"
#include "ovfkit/package/manifest.h"
#include "ovfkit/package/reference_check.h"
#include "ovfkit/package/source/peeked_source.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit {

namespace {

constexpr std::uint64_t kMaxText = 16 * base::kMiB;
constexpr std::size_t kMaxRequests = 4096;

std::string_view without_query(std::string_view url) {
    return url.substr(0, url.find_first_of("?#"));
}

std::size_t last_slash_of(std::string_view url) {
    const std::size_t authority = url.find("://") + 3;
    const std::size_t slash = without_query(url).rfind('/');
    return slash != std::string_view::npos && slash >= authority ? slash : std::string_view::npos;
}

// Each component of the name, so that no '?', '#' or '%' of it means anything.
std::string url_of(const std::string& folder, const std::string& name) {
    std::string url = folder;
    for (std::size_t start = 0; start <= name.size();) {
        const std::size_t slash = std::min(name.find('/', start), name.size());
        url += (start == 0 ? "" : "/") + base::url_encode(name.substr(start, slash - start));
        start = slash + 1;
    }
    return url;
}

std::string read_all(base::ByteSource& source) {
    std::string text;
    std::array<std::byte, 65536> buffer{};
    while (const std::size_t got = source.read(buffer)) {
        if (got > kMaxText - text.size()) {
            throw base::Error(
                base::ErrorKind::invalid_input,
                fmt::format("{} is larger than {}, the limit of a text",
                            quoted_source(source.name()), base::format_byte_size(kMaxText)));
        }
        text += base::as_text(std::span(buffer).first(got));
    }
    return text;
}

// A descriptor or manifest that cannot be read lists nothing: the real pass will say why.
void unless_unreadable(const std::function<void()>& list) {
    try {
        list();
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::invalid_input &&
            error.kind() != base::ErrorKind::unsupported) {
            throw;
        }
    }
}

}  // namespace

bool is_descriptor_url(const std::string& url) {
    return base::is_http_url(url) && last_slash_of(url) != std::string::npos &&
           has_extension(without_query(url), ".ovf");
}

HttpFolderSource::HttpFolderSource(std::unique_ptr<base::HttpByteSource> descriptor,
                                   const std::string& start)
    : TarStream(descriptor->name()) {
    const std::string& url = descriptor->name();
    const std::size_t slash = last_slash_of(url);
    folder_ = url.substr(0, slash + 1);
    options_.redirects = false;
    options_.refuse_private = !descriptor->from_private_address();
    const std::string name =
        normalized_member_name(percent_decoded(without_query(url).substr(slash + 1)), "the URL");
    if (name.find('/') != std::string::npos) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("the name of '{}' has a slash in it", url));
    }
    PeekedSource whole(*descriptor, start);
    candidates_.push_back({.name = name, .text = read_all(whole)});
    const std::string stem = name.substr(0, name.size() - 4);
    plan_text(stem + ".mf");
    const std::string manifest =
        candidates_.back().name == name ? "" : candidates_.back().text.value_or("");
    plan_text(stem + ".cert");
    plan_members(*candidates_.front().text, manifest);
}

void HttpFolderSource::plan_text(const std::string& name) {
    if (const auto source = find(name)) {
        candidates_.push_back({.name = name, .text = read_all(*source)});
    }
}

void HttpFolderSource::plan(const std::string& name, bool or_chunks) {
    if (candidates_.size() < kMaxRequests) {
        candidates_.push_back({.name = name, .chunks_of = or_chunks ? name : ""});
    }
}

void HttpFolderSource::plan_chunk(const std::string& file, std::uint64_t chunk) {
    if (chunk < kMaxRequests) {
        candidates_.push_front(
            {.name = fmt::format("{}.{:09}", file, chunk), .chunks_of = file, .chunk = chunk});
    }
}

void HttpFolderSource::plan_members(const std::string& descriptor, const std::string& manifest) {
    Envelope envelope;
    unless_unreadable([&] { envelope = read_envelope(descriptor, name()); });
    for (const FileReference& file : envelope.files) {
        for (const std::string& member : member_names_of(file)) {
            plan(normalized_member_name(member, name()), true);
        }
    }
    Manifest listed;
    unless_unreadable([&] { listed = parse_manifest(manifest, name(), true); });
    for (const ManifestEntry& entry : listed.entries) {
        unless_unreadable([&] { plan(normalized_member_name(entry.file, name()), false); });
    }
}

// Null: it is not there.
std::unique_ptr<base::ByteSource> HttpFolderSource::find(const std::string& name) const {
    try {
        return base::open_http_source(url_of(folder_, name), options_);
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::not_found) {
            throw;
        }
        return nullptr;
    }
}

std::optional<TarStream::Member> HttpFolderSource::open(const Candidate& candidate) {
    if (candidate.text) {
        file_ = std::make_unique<base::MemorySource>(*candidate.text, candidate.name);
        return Member{candidate.name, candidate.text->size()};
    }
    file_ = find(candidate.name);
    if (!file_) {
        return std::nullopt;
    }
    const std::uint64_t size = file_->size();
    if (size == 0) {
        const std::string first = peek_at(*file_, 1);
        if (!first.empty()) {
            throw base::Error(
                base::ErrorKind::unsupported,
                fmt::format("the server does not say how large '{}' is (Content-Length)",
                            file_->name()),
                "save the files to a folder and give the folder");
        }
    }
    return Member{candidate.name, size};
}

std::optional<TarStream::Member> HttpFolderSource::next_member() {
    while (!candidates_.empty() && passed_.size() < kMaxRequests) {
        const Candidate candidate = std::move(candidates_.front());
        candidates_.pop_front();
        if (!passed_.insert(candidate.name).second) {
            continue;
        }
        const bool is_chunk = candidate.name != candidate.chunks_of;
        const std::optional<Member> member = open(candidate);
        if (member && is_chunk && !candidate.chunks_of.empty()) {
            plan_chunk(candidate.chunks_of, candidate.chunk + 1);
        } else if (!member && !is_chunk) {
            plan_chunk(candidate.name, 0);
        }
        if (member) {
            return member;
        }
    }
    return std::nullopt;
}

std::size_t HttpFolderSource::read_member(std::span<std::byte> buffer) {
    return file_->read(buffer);
}

}  // namespace ovfkit
