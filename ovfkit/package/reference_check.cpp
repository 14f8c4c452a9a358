// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/reference_check.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>

#include <fmt/format.h>

#include "ovfkit/package/tar/member_name.h"
#include "ovfkit/package/tar/tar_header.h"

namespace ovfkit {

std::string percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        const bool escape =
            text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(&text[i] + 1, &text[i] + 3, value, 16).ptr == &text[i] + 3;
        if (escape) {
            decoded += static_cast<char>(value);
            i += 2;
        } else {
            decoded += text[i];
        }
    }
    return decoded;
}

namespace {

constexpr std::size_t kChunkDigits = 9;

// "http", "file" and so on in front of a colon; a single letter would be a drive of Windows.
bool has_scheme(std::string_view href) {
    const std::size_t colon = href.find(':');
    return colon != std::string_view::npos && colon > 1 &&
           std::isalpha(static_cast<unsigned char>(href.front())) != 0 &&
           std::all_of(href.begin(), href.begin() + static_cast<std::ptrdiff_t>(colon), [](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' ||
                      c == '.';
           });
}

std::string_view without_dot(std::string_view href) {
    while (href.starts_with("./")) {
        href.remove_prefix(2);
    }
    return href;
}

// Both forms that a member's name may have.
struct Target {
    std::string_view written;
    std::string decoded;
};

Target target_of(const FileReference& file) {
    const std::string_view href = without_dot(file.href);
    return {href, percent_decoded(href)};
}

bool names_member(const Target& target, std::string_view member) {
    return target.written == member || target.decoded == member;
}

bool names_chunk(const Target& target, std::string_view member) {
    if (member.size() < kChunkDigits + 2 || member[member.size() - kChunkDigits - 1] != '.') {
        return false;
    }
    const std::string_view digits = member.substr(member.size() - kChunkDigits);
    return digits.find_first_not_of("0123456789") == std::string_view::npos &&
           names_member(target, member.substr(0, member.size() - kChunkDigits - 1));
}

struct Holding {
    std::vector<const PackageMember*> whole;
    std::vector<const PackageMember*> chunks;  // in the order of their numbers
};

Holding members_of(const FileReference& file, const std::vector<PackageMember>& members) {
    Holding holding;
    const Target target = target_of(file);
    for (const PackageMember& member : members) {
        if (names_member(target, member.name)) {
            holding.whole.push_back(&member);
        } else if (names_chunk(target, member.name)) {
            holding.chunks.push_back(&member);
        }
    }
    std::sort(holding.chunks.begin(), holding.chunks.end(),
              [](const auto* a, const auto* b) { return a->name < b->name; });
    return holding;
}

void check_size(const FileReference& file, std::uint64_t size, Verdict& verdict) {
    if (file.size && *file.size != size) {
        verdict.note("size_differs",
                     fmt::format("the descriptor says that '{}' has {} bytes; it has {}", file.href,
                                 *file.size, size));
    }
}

void check_chunks(const FileReference& file, const std::vector<const PackageMember*>& chunks,
                  Verdict& verdict) {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < chunks.size(); ++i) {
        if (!chunks[i]->name.ends_with(fmt::format(".{:09}", i))) {
            verdict.fail(fmt::format("chunk {} of file '{}' is missing", i, file.href));
            return;
        }
        const bool is_last = i + 1 == chunks.size();
        if (file.chunk_size && !is_last && chunks[i]->size != *file.chunk_size) {
            verdict.note("chunk_size_differs",
                         fmt::format("the descriptor says that chunks of '{}' have {} bytes; chunk "
                                     "{} has {}",
                                     file.href, *file.chunk_size, i, chunks[i]->size));
        }
        total += chunks[i]->size;
    }
    check_size(file, total, verdict);
}

void check_file(const FileReference& file, const Holding& holding, Verdict& verdict) {
    if (has_scheme(file.href)) {
        verdict.fail(fmt::format("file '{}' is outside the package, at '{}'", file.id, file.href),
                     "muster does not fetch what a package names: put the file into the package",
                     base::ErrorKind::unsupported);
        return;
    }
    // The same rules as for member names: an href that leaves the package names no member of it.
    if (!verdict.check([&] { normalized_member_name(file.href, "References"); })) {
        return;
    }
    if (holding.whole.size() > 1) {
        verdict.fail(fmt::format("the href '{}' fits two members, '{}' and '{}'", file.href,
                                 holding.whole[0]->name, holding.whole[1]->name));
    } else if (holding.whole.size() == 1) {
        check_size(file, holding.whole[0]->size, verdict);
    } else if (!holding.chunks.empty()) {
        check_chunks(file, holding.chunks, verdict);
    } else {
        verdict.fail(
            fmt::format("the descriptor refers to '{}', which is not in the package", file.href));
    }
}

}  // namespace

std::vector<std::string> member_names_of(const FileReference& file) {
    const auto is_inside = [&](const std::string& name) {
        try {
            normalized_member_name(name, "References");
        } catch (const base::Error&) {
            return false;
        }
        return true;
    };
    const Target target = target_of(file);
    std::vector<std::string> names;
    if (!has_scheme(file.href) && is_inside(file.href)) {
        names.emplace_back(target.written);
        if (target.decoded != target.written && is_inside(target.decoded)) {
            names.push_back(target.decoded);
        }
    }
    return names;
}

namespace {

const FileReference* find_whole(const Envelope& envelope, std::string_view member) {
    const auto found = std::find_if(
        envelope.files.begin(), envelope.files.end(),
        [&](const FileReference& file) { return names_member(target_of(file), member); });
    return found == envelope.files.end() ? nullptr : &*found;
}

}  // namespace

std::optional<ChunkName> find_chunk(const Envelope& envelope, std::string_view member) {
    if (find_whole(envelope, member) != nullptr) {
        return std::nullopt;
    }
    for (const FileReference& file : envelope.files) {
        if (names_chunk(target_of(file), member)) {
            const std::size_t dot = member.size() - kChunkDigits - 1;
            return ChunkName{&file, std::string(member.substr(0, dot)),
                             parse_decimal(member.substr(dot + 1)).value_or(0)};
        }
    }
    return std::nullopt;
}

const FileReference* find_file_of_member(const Envelope& envelope, std::string_view member) {
    if (const FileReference* whole = find_whole(envelope, member)) {
        return whole;
    }
    const std::optional<ChunkName> chunk = find_chunk(envelope, member);
    return chunk ? chunk->file : nullptr;
}

void check_references(const Envelope& envelope, const std::vector<PackageMember>& members,
                      const std::vector<std::string>& ignored, Verdict& verdict) {
    std::map<const PackageMember*, std::string> users;  // member → id of the File that names it
    for (const FileReference& file : envelope.files) {
        const Holding holding = members_of(file, members);
        check_file(file, holding, verdict);
        for (const PackageMember* member : holding.whole.empty() ? holding.chunks : holding.whole) {
            const auto [known, fresh] = users.emplace(member, file.id);
            if (!fresh) {
                verdict.fail(fmt::format("the files '{}' and '{}' both refer to '{}'",
                                         known->second, file.id, member->name));
            }
        }
    }
    for (const PackageMember& member : members) {
        const bool expected =
            std::find(ignored.begin(), ignored.end(), member.name) != ignored.end();
        if (!expected && users.count(&member) == 0) {
            verdict.note("unreferenced_file",
                         fmt::format("the descriptor does not refer to '{}'", member.name));
        }
    }
}

}  // namespace ovfkit
