// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/tar/tar_header.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit {

namespace {

struct Field {
    std::size_t offset;
    std::size_t size;
};
constexpr Field kName{0, 100};
constexpr Field kMode{100, 8};
constexpr Field kUid{108, 8};
constexpr Field kGid{116, 8};
constexpr Field kSize{124, 12};
constexpr Field kMtime{136, 12};
constexpr Field kChecksum{148, 8};
constexpr Field kType{156, 1};
constexpr Field kMagic{257, 6};
constexpr Field kVersion{263, 2};
constexpr Field kOwners{265, 64};  // user and group
constexpr Field kPrefix{345, 155};

constexpr std::uint64_t kMaxSize = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kMaxOctal = (1ULL << 33U) - 1;  // eleven octal digits

std::string_view raw(std::span<const std::byte> block, Field field) {
    return base::as_text(block.subspan(field.offset, field.size));
}

std::string_view until_nul(std::string_view text) {
    return text.substr(0, text.find('\0'));
}

// Octal digits, with blanks before and a blank or NUL after. Empty is no number.
std::optional<std::uint64_t> parse_octal(std::string_view text) {
    text = until_nul(text);
    while (text.starts_with(' ')) {
        text.remove_prefix(1);
    }
    while (text.ends_with(' ')) {
        text.remove_suffix(1);
    }
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && value <= kMaxSize ? std::optional(value) : std::nullopt;
}

// The first byte is 0x80: the rest is a big-endian number (0xff would be a negative one).
std::optional<std::uint64_t> parse_base256(std::span<const std::byte> bytes) {
    if (bytes.front() != std::byte{0x80}) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    for (const std::byte byte : bytes.subspan(1)) {
        if (value > (kMaxSize >> 8U)) {
            return std::nullopt;
        }
        value = (value << 8U) | std::to_integer<std::uint64_t>(byte);
    }
    return value;
}

std::optional<std::uint64_t> parse_number(std::span<const std::byte> block, Field field) {
    const auto bytes = block.subspan(field.offset, field.size);
    const bool binary = (bytes.front() & std::byte{0x80}) != std::byte{0};
    return binary ? parse_base256(bytes) : parse_octal(base::as_text(bytes));
}

TarHeader::Dialect dialect_of(std::string_view magic) {
    if (magic == std::string_view("ustar\0", 6)) {
        return TarHeader::Dialect::ustar;
    }
    return magic == "ustar " ? TarHeader::Dialect::gnu : TarHeader::Dialect::v7;
}

std::uint64_t sum_of(std::span<const std::byte> block) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < block.size(); ++i) {
        const bool own = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.size;
        sum += own ? std::uint64_t{' '} : std::to_integer<std::uint64_t>(block[i]);
    }
    return sum;
}

void put(TarBlock& block, Field field, std::string_view text) {
    const auto bytes = base::as_bytes(text.substr(0, field.size));
    std::copy(bytes.begin(), bytes.end(),
              block.begin() + static_cast<std::ptrdiff_t>(field.offset));
}

void put_number(TarBlock& block, Field field, std::uint64_t value) {
    if (value <= kMaxOctal) {
        put(block, field, fmt::format("{:0{}o}", value, field.size - 1));
        return;
    }
    for (std::size_t i = field.size; i-- > 1; value >>= 8U) {
        block.at(field.offset + i) = static_cast<std::byte>(value & 0xffU);
    }
    block.at(field.offset) = std::byte{0x80};
}

// ustar keeps long names as prefix + "/" + name; nullopt when no slash stands where it must.
std::optional<std::size_t> find_split(std::string_view name) {
    if (name.size() <= kName.size) {
        return 0;
    }
    for (std::size_t at = std::min(kPrefix.size, name.size() - 1); at > 0; --at) {
        if (name[at] == '/' && name.size() - at - 1 <= kName.size && at + 1 < name.size()) {
            return at;
        }
    }
    return std::nullopt;
}

[[noreturn]] void throw_bad_pax(std::string_view archive) {
    throw base::Error(base::ErrorKind::invalid_input,
                      fmt::format("{}: malformed pax header", quoted_source(archive)));
}

}  // namespace

bool is_zero_block(std::span<const std::byte> block) {
    return std::all_of(block.begin(), block.end(), [](std::byte b) { return b == std::byte{0}; });
}

bool checksum_fits(std::span<const std::byte> block) {
    return parse_octal(raw(block, kChecksum)) == sum_of(block);
}

TarHeader parse_tar_header(std::span<const std::byte> block, std::string_view archive) {
    TarHeader header;
    header.name = until_nul(raw(block, kName));
    // Only POSIX archives have a prefix; GNU's magic is "ustar  " and the field means times there.
    if (raw(block, kMagic) == std::string_view("ustar\0", 6)) {
        const std::string_view prefix = until_nul(raw(block, kPrefix));
        if (!prefix.empty()) {
            header.name = fmt::format("{}/{}", prefix, header.name);
        }
    }
    header.type = raw(block, kType).front();
    if (header.type == '\0') {
        header.type = '0';
    }
    const std::optional<std::uint64_t> size = parse_number(block, kSize);
    if (!size) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("{}: member '{}' has no sensible size in its header",
                                      quoted_source(archive), header.name));
    }
    header.size = *size;
    header.binary_size = (block[kSize.offset] & std::byte{0x80}) != std::byte{0};
    header.dialect = dialect_of(raw(block, kMagic));
    header.blank_owner = header.dialect != TarHeader::Dialect::v7 &&
                         raw(block, kOwners).find(' ') != std::string_view::npos;
    return header;
}

TarBlock make_tar_header(std::string_view name, std::uint64_t size, std::uint64_t mtime,
                         char type) {
    const std::optional<std::size_t> split = find_split(name);
    if (name.empty() || !split || size > kMaxSize) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("the file name '{}' is too long for a package", name),
                          "shorten it to 100 characters");
    }
    TarBlock block{};
    put(block, kName, *split == 0 ? name : name.substr(*split + 1));
    put(block, kPrefix, name.substr(0, *split));
    put(block, kMode, "0000644");
    put(block, kUid, "0000000");
    put(block, kGid, "0000000");
    put_number(block, kSize, size);
    put_number(block, kMtime, mtime);
    put(block, kType, std::string_view(&type, 1));
    put(block, kMagic, std::string_view("ustar\0", 6));
    put(block, kVersion, "00");
    put(block, kChecksum, fmt::format("{:06o}", sum_of(block)) + std::string("\0 ", 2));
    return block;
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size() && !text.empty();
    return whole && value <= kMaxSize ? std::optional(value) : std::nullopt;
}

std::string make_pax_record(std::string_view key, std::string_view value) {
    const std::size_t rest = key.size() + value.size() + 3;  // blank, '=' and line end
    std::size_t length = rest + 1;
    while (length != rest + std::to_string(length).size()) {
        length = rest + std::to_string(length).size();
    }
    return fmt::format("{} {}={}\n", length, key, value);
}

std::map<std::string, std::string> parse_pax_records(std::string_view data,
                                                     std::string_view archive) {
    std::map<std::string, std::string> records;
    while (!data.empty() && data.front() != '\0') {
        const std::size_t blank = data.find(' ');
        const std::optional<std::uint64_t> length =
            blank == std::string_view::npos ? std::nullopt : parse_decimal(data.substr(0, blank));
        if (!length || *length > data.size() || *length < blank + 3 || data[*length - 1] != '\n') {
            throw_bad_pax(archive);
        }
        const std::string_view record = data.substr(blank + 1, *length - blank - 2);
        const std::size_t equals = record.find('=');
        if (equals == std::string_view::npos || equals == 0) {
            throw_bad_pax(archive);
        }
        const bool fresh = records
                               .emplace(std::string(record.substr(0, equals)),
                                        std::string(record.substr(equals + 1)))
                               .second;
        if (!fresh) {
            throw_bad_pax(archive);  // which of the two would another reader take?
        }
        data.remove_prefix(*length);
    }
    return records;
}

std::optional<ForeignFormat> recognise_foreign(std::span<const std::byte> block) {
    struct Magic {
        std::string_view start;
        std::string_view what;
        std::string_view remedy;
    };
    using namespace std::string_view_literals;
    static constexpr Magic kMagics[] = {
        {"\x1f\x8b"sv, "is compressed with gzip",
         "unpack it first: gunzip -c FILE | muster verify -"},
        {"\x28\xb5\x2f\xfd"sv, "is compressed with zstd",
         "unpack it first: zstd -dc FILE | muster verify -"},
        {"\xfd"
         "7zXZ"sv,
         "is compressed with xz", "unpack it first: xz -dc FILE | muster verify -"},
        {"BZh"sv, "is compressed with bzip2", "unpack it first: bzip2 -dc FILE | muster verify -"},
        {"PK\x03\x04"sv, "is a zip archive", "unpack it and give the .ova inside"},
        {"\x89PNG"sv, "is a PNG picture", ""},
        {"KDMV"sv, "is a VMDK disk image, not a package", ""},
        {"QFI\xfb"sv, "is a qcow2 disk image, not a package", ""},
    };
    const std::string_view text = base::as_text(block);
    for (const Magic& magic : kMagics) {
        if (text.starts_with(magic.start)) {
            return ForeignFormat{std::string(magic.what), std::string(magic.remedy)};
        }
    }
    std::string_view start = text.starts_with("\xef\xbb\xbf") ? text.substr(3) : text;
    start.remove_prefix(std::min(start.find_first_not_of(" \t\r\n"), start.size()));
    const std::string folded = folded_name(start.substr(0, 14));
    if (folded.starts_with("<!doctype html") || folded.starts_with("<html")) {
        return ForeignFormat{"is a web page, not a package",
                             "the download went wrong: fetch the file again"};
    }
    if (folded.starts_with('<')) {
        return ForeignFormat{"is an XML text, not a package",
                             "a bare descriptor can be looked at with: muster inspect FILE.ovf"};
    }
    return std::nullopt;
}

}  // namespace ovfkit
