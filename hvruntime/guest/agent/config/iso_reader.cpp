// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/config/iso_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"

namespace hvruntime::agent {

namespace {

constexpr std::size_t kBlock = 2048;
constexpr std::uint64_t kFirstDescriptor = 16;
constexpr std::uint64_t kMostDescriptors = 32;
constexpr std::uint32_t kMostRootBytes = 256U << 10U;
constexpr unsigned char kPrimary = 1;
constexpr unsigned char kTerminator = 255;
constexpr unsigned kFolderFlag = 2;

// Places in the primary volume descriptor (ECMA-119 8.4) and in a folder record (9.1).
constexpr std::size_t kLabelAt = 40;
constexpr std::size_t kLabelBytes = 32;
constexpr std::size_t kRootRecordAt = 156;
constexpr std::size_t kExtentAt = 2;
constexpr std::size_t kLengthAt = 10;
constexpr std::size_t kFlagsAt = 25;
constexpr std::size_t kNameLengthAt = 32;
constexpr std::size_t kNameAt = 33;

[[noreturn]] void refuse(std::string why) {
    throw base::Error(base::ErrorKind::invalid_input, std::move(why));
}

unsigned char byte_at(std::string_view text, std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

std::uint32_t little32(std::string_view text, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) {
        value = value << 8U | byte_at(text, at + i);
    }
    return value;
}

std::string trimmed(std::string_view text) {
    const std::size_t end = text.find_last_not_of(std::string_view(" \0", 2));
    return std::string(text.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

// The name of the NM entries in a record's system use area (IEEE P1282 4.1.4); empty: none.
std::string rock_ridge_name(std::string_view area) {
    std::string name;
    while (area.size() >= 4) {
        const std::size_t length = byte_at(area, 2);
        if (length < 4 || length > area.size()) {
            break;
        }
        if (area.starts_with("NM") && length > 5) {
            name += area.substr(5, length - 5);
        }
        area.remove_prefix(length);
    }
    return name;
}

std::string comparable(std::string_view name) {
    std::string out(name.substr(0, name.find(';')));  // without the version
    if (!out.empty() && out.back() == '.') {
        out.pop_back();
    }
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c - 'A' + 'a');
        } else if (c == '_') {
            c = '-';
        }
    }
    return out;
}

}  // namespace

IsoReader::IsoReader(ReadAt read_at) : read_at_(std::move(read_at)) {
    for (std::uint64_t i = 0; i < kMostDescriptors; ++i) {
        std::string block(kBlock, '\0');
        const std::size_t got =
            read_at_((kFirstDescriptor + i) * kBlock, std::as_writable_bytes(std::span(block)));
        if (got < kBlock || std::string_view(block).substr(1, 5) != "CD001" ||
            byte_at(block, 0) == kTerminator) {
            break;
        }
        if (byte_at(block, 0) == kPrimary) {
            label_ = trimmed(std::string_view(block).substr(kLabelAt, kLabelBytes));
            const std::string_view root = std::string_view(block).substr(kRootRecordAt);
            entries_ = read_root(little32(root, kExtentAt), little32(root, kLengthAt));
            return;
        }
    }
    refuse("not an ISO 9660 image");
}

std::string IsoReader::read_extent(std::uint32_t block, std::uint32_t bytes) const {
    std::string data(bytes, '\0');
    const std::size_t got =
        read_at_(std::uint64_t{block} * kBlock, std::as_writable_bytes(std::span(data)));
    if (got < bytes) {
        refuse("the ISO image ends before its files do");
    }
    return data;
}

std::vector<IsoReader::Entry> IsoReader::read_root(std::uint32_t block, std::uint32_t bytes) const {
    if (bytes > kMostRootBytes) {
        refuse(fmt::format("the root folder of the ISO image has {} bytes", bytes));
    }
    const std::string folder = read_extent(block, bytes);
    std::vector<Entry> entries;
    for (std::size_t at = 0; at < folder.size();) {
        const std::size_t length = byte_at(folder, at);
        if (length == 0) {  // records do not cross blocks: the next one is in the next block
            at = (at / kBlock + 1) * kBlock;
            continue;
        }
        const std::string_view record = std::string_view(folder).substr(at, length);
        at += length;
        const std::size_t name_length = byte_at(record, kNameLengthAt);
        if (record.size() < kNameAt + name_length || name_length == 0) {
            continue;
        }
        if ((byte_at(record, kFlagsAt) & kFolderFlag) != 0) {
            continue;
        }
        const std::string_view plain = record.substr(kNameAt, name_length);
        // The system use area begins at an even place.
        const std::size_t area =
            std::min(kNameAt + name_length + (name_length % 2 == 0 ? 1 : 0), record.size());
        std::string name = rock_ridge_name(record.substr(area));
        entries.push_back(Entry{.name = name.empty() ? std::string(plain) : std::move(name),
                                .block = little32(record, kExtentAt),
                                .bytes = little32(record, kLengthAt)});
    }
    return entries;
}

std::optional<std::string> IsoReader::read_root_file(std::string_view name,
                                                     std::size_t limit) const {
    for (const Entry& entry : entries_) {
        if (comparable(entry.name) == comparable(name)) {
            if (entry.bytes > limit) {
                refuse(fmt::format("'{}' has {} bytes, at most {} are read", name, entry.bytes,
                                   limit));
            }
            return read_extent(entry.block, entry.bytes);
        }
    }
    return std::nullopt;
}

}  // namespace hvruntime::agent
