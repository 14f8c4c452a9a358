// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/tar/tar_reader.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "ovfkit/package/tar/member_name.h"
#include "ovfkit/package/tar/tar_header.h"

namespace ovfkit {

namespace {

constexpr std::size_t kSkipBuffer = 256 * 1024;

[[noreturn]] void refuse(const std::string& archive, const std::string& what,
                         const std::string& remedy = "") {
    throw base::Error(base::ErrorKind::invalid_input,
                      fmt::format("{}: {}", quoted_source(archive), what), remedy);
}

std::string_view kind_of_type(char type) {
    switch (type) {
        case '1': return "a hard link";
        case '2': return "a symbolic link";
        case '3': return "a character device";
        case '4': return "a block device";
        case '6': return "a named pipe";
        case 'S': return "a sparse file";
        default: return "of an unknown kind";
    }
}

}  // namespace

// What long-name and pax records say about the member that follows them.
struct TarReader::Pending {
    std::optional<std::string> name;
    std::optional<std::uint64_t> size;
    std::size_t bytes = 0;  // of all records so far
    bool any = false;
};

TarReader::TarReader(base::ByteSource& source, TarLimits limits, Skip skip)
    : source_(source), limits_(limits), skip_(std::move(skip)), archive_(source.name()) {
}

void TarReader::throw_truncated(const std::string& where) const {
    const bool stream = archive_ == "standard input";
    throw base::Error(base::ErrorKind::invalid_input,
                      fmt::format("{} ends too early: {}", quoted_source(archive_), where),
                      stream ? "the program that sends it stopped: look at its messages"
                             : "the file is cut off: copy or download it again");
}

bool TarReader::read_block(std::span<std::byte> block) {
    std::size_t have = 0;
    while (have < block.size()) {
        const std::size_t got = source_.read(block.subspan(have));
        if (got == 0) {
            break;
        }
        have += got;
    }
    position_ += have;
    if (have != 0 && have != block.size()) {
        throw_truncated(fmt::format("in the header at byte {}", position_ - have));
    }
    return have != 0;
}

void TarReader::skip_data(std::uint64_t bytes) {
    if (skip_) {
        skip_(bytes);
        position_ += bytes;
        return;
    }
    std::vector<std::byte> buffer(std::min<std::uint64_t>(bytes, kSkipBuffer));
    while (bytes > 0) {
        base::interrupt().check();
        const std::size_t want = std::min<std::uint64_t>(bytes, buffer.size());
        const std::size_t got = source_.read(std::span(buffer).first(want));
        if (got == 0) {
            throw_truncated(
                fmt::format("{} bytes of member '{}' are missing", bytes, current_name_));
        }
        position_ += got;
        bytes -= got;
    }
}

std::size_t TarReader::read(std::span<std::byte> buffer) {
    const std::size_t want = std::min<std::uint64_t>(data_left_, buffer.size());
    if (want == 0) {
        return 0;
    }
    const std::size_t got = source_.read(buffer.first(want));
    if (got == 0) {
        throw_truncated(
            fmt::format("{} bytes of member '{}' are missing", data_left_, current_name_));
    }
    position_ += got;
    data_left_ -= got;
    return got;
}

void TarReader::finish_member() {
    skip_data(data_left_ + padding_);  // cannot overflow: both are bounded by the limits
    data_left_ = 0;
    padding_ = 0;
}

std::optional<TarMember> TarReader::next() {
    if (ended_) {
        return std::nullopt;
    }
    Pending pending;
    TarBlock block{};
    while (true) {
        finish_member();
        if (!read_block(block)) {
            throw_truncated(position_ == 0 ? "it is empty" : "there is no end mark");
        }
        if (is_zero_block(block)) {
            if (pending.any) {
                refuse(archive_, "a long-name header without a member");
            }
            finish_archive();
            return std::nullopt;
        }
        if (std::optional<TarMember> member = accept(block, pending)) {
            return member;
        }
    }
}

std::optional<TarMember> TarReader::accept(std::span<const std::byte> block, Pending& pending) {
    if (!checksum_fits(block)) {
        const std::optional<ForeignFormat> foreign =
            position_ == kTarBlock ? recognise_foreign(block) : std::nullopt;
        if (foreign) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("{} {}", quoted_source(archive_), foreign->what),
                              foreign->remedy);
        }
        refuse(archive_, position_ == kTarBlock ? std::string("not a tar archive")
                                                : fmt::format("the header at byte {} is damaged",
                                                              position_ - kTarBlock));
    }
    if (++headers_seen_ > limits_.members * 3) {
        refuse(archive_, fmt::format("more than {} members", limits_.members));
    }
    const TarHeader header = parse_tar_header(block, archive_);
    note_shape(header, pending);
    if (header.type == 'x' || header.type == 'g' || header.type == 'L' || header.type == 'K') {
        take_extension(header.type, header.size, pending);
        return std::nullopt;
    }
    TarMember member;
    member.name = pending.name.value_or(header.name);
    member.size = pending.size.value_or(header.size);
    member.offset = position_;
    pending = {};
    const bool folder = header.type == '5' ||
                        (header.type == '0' && member.name.ends_with('/') && member.size == 0);
    if (member.name.size() > limits_.name_bytes) {
        refuse(archive_, fmt::format("a member name of {} bytes", member.name.size()));
    }
    if (folder) {
        oddities_.push_back(
            {"folder_entry", fmt::format("folder entry '{}' skipped", member.name)});
        member.size = 0;
        return std::nullopt;
    }
    member.name = normalized_member_name(member.name, archive_);
    if (header.type != '0') {
        refuse(archive_, fmt::format("member '{}' is {}", member.name, kind_of_type(header.type)),
               "a package holds regular files only");
    }
    check_totals(member);
    if (is_archiver_litter(member.name)) {
        oddities_.push_back(
            {"archiver_litter", fmt::format("'{}' of macOS's archiver ignored", member.name)});
        return std::nullopt;
    }
    return member;
}

void TarReader::note_shape(const TarHeader& header, const Pending& pending) {
    switch (header.type) {
        case 'x':
        case 'g': ++shape_.pax_headers; return;
        case 'K':
        case 'L': ++shape_.gnu_long_names; return;
        default: break;
    }
    shape_.gnu_headers += header.dialect == TarHeader::Dialect::gnu ? 1U : 0U;
    shape_.old_headers += header.dialect == TarHeader::Dialect::v7 ? 1U : 0U;
    shape_.binary_sizes += header.binary_size ? 1U : 0U;
    shape_.blank_owners += header.blank_owner ? 1U : 0U;
    if (pending.any && shape_.first_extended.empty()) {
        shape_.first_extended = pending.name.value_or(header.name);
    }
}

void TarReader::check_totals(const TarMember& member) {
    if (member.size > limits_.member_bytes || member.size > limits_.total_bytes - total_) {
        refuse(archive_, fmt::format("member '{}' is said to have {} bytes, which is beyond the "
                                     "limit",
                                     member.name, member.size));
    }
    total_ += member.size;
    if (!names_.insert(folded_name(member.name)).second) {
        refuse(archive_, fmt::format("member '{}' occurs twice", member.name),
               "names that differ only in upper and lower case count as the same");
    }
    if (names_.size() > limits_.members) {
        refuse(archive_, fmt::format("more than {} members", limits_.members));
    }
    current_name_ = member.name;
    data_left_ = member.size;
    padding_ = (kTarBlock - member.size % kTarBlock) % kTarBlock;
}

void TarReader::take_extension(char type, std::uint64_t size, Pending& pending) {
    if (size > limits_.header_bytes || pending.bytes + size > limits_.header_bytes) {
        refuse(archive_, fmt::format("a name header of {} bytes", size));
    }
    pending.bytes += size;
    pending.any = true;
    current_name_ = "(name header)";
    data_left_ = size;
    padding_ = (kTarBlock - size % kTarBlock) % kTarBlock;
    std::string data(size, '\0');
    for (std::size_t have = 0; have < data.size();) {
        have += read(std::as_writable_bytes(std::span(data)).subspan(have));
    }
    if (type == 'K') {
        return;  // the name of a link's target: the link itself will be refused
    }
    if (type == 'L') {
        if (pending.name) {
            refuse(archive_, "two long names for one member");
        }
        pending.name = data.substr(0, data.find('\0'));
        return;
    }
    const std::map<std::string, std::string> records = parse_pax_records(data, archive_);
    for (const auto& [key, value] : records) {
        if (key.starts_with("GNU.sparse.")) {
            refuse(archive_, "a sparse file", "a package holds regular files only");
        }
        if (key != "path" && key != "size") {
            continue;
        }
        const std::optional<std::uint64_t> number = parse_decimal(value);
        if (type == 'g' || (key == "path" && (pending.name || value.empty())) ||
            (key == "size" && (pending.size || !number))) {
            refuse(archive_, fmt::format("the pax record '{}' has no sensible value", key));
        }
        if (key == "path") {
            pending.name = value;
        } else {
            pending.size = number;
        }
    }
}

void TarReader::finish_archive() {
    ended_ = true;
    if (skip_) {
        return;  // only looking ahead
    }
    std::vector<std::byte> buffer(kSkipBuffer);
    std::uint64_t looked_at = 0;
    std::uint64_t foreign = 0;
    while (looked_at < limits_.trailing_bytes) {
        base::interrupt().check();
        const std::size_t got = source_.read(buffer);
        if (got == 0) {
            break;
        }
        looked_at += got;
        const auto chunk = std::span(buffer).first(got);
        foreign += static_cast<std::uint64_t>(std::count_if(
            chunk.begin(), chunk.end(), [](std::byte b) { return b != std::byte{0}; }));
    }
    position_ += looked_at;
    if (foreign > 0) {
        oddities_.push_back({"trailing_data", fmt::format("{} bytes of data after the end of the "
                                                          "archive, which nothing vouches for",
                                                          foreign)});
    } else if (looked_at >= limits_.trailing_bytes) {
        oddities_.push_back(
            {"trailing_data", fmt::format("more than {} zero bytes after the end of the archive",
                                          limits_.trailing_bytes)});
    }
}

}  // namespace ovfkit
