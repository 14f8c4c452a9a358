// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/filetree/tar/tar_writer.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "ovfkit/package/tar/tar_header.h"

namespace imagebuilder {

namespace {

constexpr std::size_t kTarBlock = 512;
constexpr std::size_t kTarBuffer = std::size_t{256} << 10U;
constexpr std::size_t kTarNameBytes = 100;
constexpr std::uint64_t kMostOctal7 = 07777777;       // fields of 8 bytes
constexpr std::uint64_t kMostOctal11 = 077777777777;  // fields of 12 bytes

using TarHeader = std::array<char, kTarBlock>;

struct TarField {
    std::size_t at;
    std::size_t bytes;
};
// POSIX.1-2017, pax, "ustar Header Block".
constexpr TarField kTarName{0, 100};
constexpr TarField kTarMode{100, 8};
constexpr TarField kTarUid{108, 8};
constexpr TarField kTarGid{116, 8};
constexpr TarField kTarSize{124, 12};
constexpr TarField kTarTime{136, 12};
constexpr TarField kTarChecksum{148, 8};
constexpr TarField kTarLink{157, 100};
constexpr TarField kTarMajor{329, 8};
constexpr TarField kTarMinor{337, 8};
constexpr std::size_t kTarType = 156;
constexpr std::size_t kTarMagic = 257;

void put_text(TarHeader& header, TarField field, std::string_view text) {
    std::copy_n(text.begin(), std::min(text.size(), field.bytes),
                header.begin() + static_cast<std::ptrdiff_t>(field.at));
}

void put_number(TarHeader& header, TarField field, std::uint64_t value) {
    put_text(header, field, fmt::format("{:0{}o}", value, field.bytes - 1));
}

char tar_type_of(FileEntry::Type type) {
    switch (type) {
        case FileEntry::Type::file: return '0';
        case FileEntry::Type::hard_link: return '1';
        case FileEntry::Type::symlink: return '2';
        case FileEntry::Type::char_device: return '3';
        case FileEntry::Type::block_device: return '4';
        case FileEntry::Type::directory: return '5';
        case FileEntry::Type::fifo: return '6';
        case FileEntry::Type::socket: break;
    }
    base::unreachable("a socket in a tar stream");
}

std::string dotted(const std::string& path, bool folder) {
    return "./" + path + (folder && !path.empty() ? "/" : "");
}

// What does not fit into the fields of the header.
std::string records_of(const FileEntry& entry, std::string_view name, std::string_view link,
                       std::uint64_t stored) {
    std::string records;
    if (name.size() > kTarNameBytes) {
        records += ovfkit::make_pax_record("path", name);
    }
    if (link.size() > kTarNameBytes) {
        records += ovfkit::make_pax_record("linkpath", link);
    }
    if (entry.uid > kMostOctal7) {
        records += ovfkit::make_pax_record("uid", std::to_string(entry.uid));
    }
    if (entry.gid > kMostOctal7) {
        records += ovfkit::make_pax_record("gid", std::to_string(entry.gid));
    }
    if (stored > kMostOctal11) {
        records += ovfkit::make_pax_record("size", std::to_string(stored));
    }
    if (entry.mtime < 0 || entry.mtime > static_cast<std::int64_t>(kMostOctal11)) {
        records += ovfkit::make_pax_record("mtime", std::to_string(entry.mtime));
    }
    for (const auto& [key, value] : entry.xattrs) {
        records += ovfkit::make_pax_record("SCHILY.xattr." + key, value);
    }
    return records;
}

TarHeader make_header(const FileEntry& entry, char type, std::string_view name,
                      std::string_view link, std::uint64_t stored) {
    const auto fitting = [](std::uint64_t value, std::uint64_t most) {
        return value > most ? 0 : value;
    };
    TarHeader header{};
    put_text(header, kTarName, name);
    put_number(header, kTarMode, entry.permissions);
    put_number(header, kTarUid, fitting(entry.uid, kMostOctal7));
    put_number(header, kTarGid, fitting(entry.gid, kMostOctal7));
    put_number(header, kTarSize, fitting(stored, kMostOctal11));
    put_number(
        header, kTarTime,
        entry.mtime < 0 ? 0 : fitting(static_cast<std::uint64_t>(entry.mtime), kMostOctal11));
    header.at(kTarType) = type;
    put_text(header, kTarLink, link);
    put_text(header, {kTarMagic, 8}, std::string_view("ustar\00000", 8));
    put_number(header, kTarMajor, fitting(entry.device_major, kMostOctal7));
    put_number(header, kTarMinor, fitting(entry.device_minor, kMostOctal7));
    put_text(header, kTarChecksum, "        ");
    unsigned sum = 0;
    for (const char c : header) {
        sum += static_cast<unsigned char>(c);
    }
    put_text(header, kTarChecksum, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
    return header;
}

[[noreturn]] void fail_changed() {
    throw base::Error(base::ErrorKind::conflict, "a file changed while it was read",
                      "stop what writes to the tree and try again");
}

std::uint64_t padding_of(std::uint64_t bytes) {
    return (kTarBlock - bytes % kTarBlock) % kTarBlock;
}

}  // namespace

void TarWriter::put(std::span<const std::byte> bytes) {
    if (buffer_.size() + bytes.size() > kTarBuffer) {
        sink_.write(buffer_);
        buffer_.clear();
    }
    if (bytes.size() >= kTarBuffer) {
        sink_.write(bytes);
    } else {
        buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    }
}

void TarWriter::end_content() {
    if (left_ != 0) {
        fail_changed();
    }
    static constexpr std::array<std::byte, kTarBlock> kZeros{};
    put(std::span(kZeros).first(std::exchange(padding_, 0)));
}

void TarWriter::add_header(const FileEntry& entry, std::uint64_t stored, std::string records,
                           const std::string& name) {
    end_content();
    const std::string link = entry.type == FileEntry::Type::hard_link
                                 ? dotted(entry.link_target, false)
                                 : entry.link_target;
    records += records_of(entry, name, link, stored);
    if (!records.empty()) {
        FileEntry extended;
        extended.permissions = 0644;
        const TarHeader header = make_header(extended, 'x', "./PaxHeaders", "", records.size());
        put(std::as_bytes(std::span(header)));
        put(base::as_bytes(records));
        padding_ = padding_of(records.size());
        end_content();
    }
    const TarHeader header = make_header(entry, tar_type_of(entry.type), name, link, stored);
    put(std::as_bytes(std::span(header)));
    left_ = stored;
    padding_ = padding_of(stored);
}

void TarWriter::add(const FileEntry& entry) {
    add_header(entry, entry.type == FileEntry::Type::file ? entry.size : 0, "",
               dotted(entry.path, entry.type == FileEntry::Type::directory));
}

// GNU tar's manual, "PAX Format, Version 1.0": the map comes before the content.
void TarWriter::add_sparse(const FileEntry& entry, const std::vector<FileRun>& runs) {
    std::string map = fmt::format("{}\n", runs.size() + 1);
    std::uint64_t stored = 0;
    for (const FileRun& run : runs) {
        map += fmt::format("{}\n{}\n", run.offset, run.bytes);
        stored += run.bytes;
    }
    map += fmt::format("{}\n0\n", entry.size);  // where it ends
    map.resize(map.size() + padding_of(map.size()));
    const std::size_t slash = entry.path.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : entry.path.substr(0, slash + 1);
    const std::string name = "./" + folder + "GNUSparseFile.0/" + entry.path.substr(folder.size());
    add_header(entry, map.size() + stored,
               ovfkit::make_pax_record("GNU.sparse.major", "1") +
                   ovfkit::make_pax_record("GNU.sparse.minor", "0") +
                   ovfkit::make_pax_record("GNU.sparse.name", dotted(entry.path, false)) +
                   ovfkit::make_pax_record("GNU.sparse.realsize", std::to_string(entry.size)),
               name);
    write(base::as_bytes(map));
}

void TarWriter::write(std::span<const std::byte> content) {
    if (content.size() > left_) {
        fail_changed();
    }
    left_ -= content.size();
    put(content);
}

void TarWriter::write_zeros(std::uint64_t bytes) {
    static constexpr std::array<std::byte, 65536> kZeros{};
    while (bytes > 0) {
        const std::size_t count = std::min<std::uint64_t>(bytes, kZeros.size());
        write(std::span(kZeros).first(count));
        bytes -= count;
    }
}

void TarWriter::finish() {
    end_content();
    static constexpr std::array<std::byte, 2 * kTarBlock> kZeros{};
    put(kZeros);
    sink_.write(buffer_);
    buffer_.clear();
}

}  // namespace imagebuilder
