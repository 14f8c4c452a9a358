// SPDX-License-Identifier: Apache-2.0
// Reads a tar archive as a stream, once, without seeking: ustar, GNU long names, pax path and size
// (POSIX.1-2017 pax, GNU tar manual "Basic Tar Format"). The archive is a stranger's: only regular
// files are members; links, devices, sparse files, bad names, duplicates, bad checksums and sizes
// beyond the limits are errors; folders and macOS litter are skipped with a finding.
// Not thread-safe. Borrows the source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/byte_size.h"
#include "base/stream.h"
#include "ovfkit/package/package_report.h"

namespace ovfkit {

struct TarHeader;

struct TarLimits {
    std::size_t members = 4096;
    std::size_t name_bytes = 1024;
    std::size_t header_bytes = 64 * 1024;  // pax and long-name records of one member
    std::uint64_t member_bytes = 16 * 1024 * base::kGiB;
    std::uint64_t total_bytes = 64 * 1024 * base::kGiB;
    std::uint64_t trailing_bytes = 16 * base::kMiB;  // looked at after the end mark
};

struct TarMember {
    std::string name;
    std::uint64_t size = 0;
    std::uint64_t offset = 0;  // of its first byte, counted from the start of the archive
};

class TarReader {
  public:
    // `skip`, if given, moves the source forward instead of reading (a look-ahead over a file).
    using Skip = std::function<void(std::uint64_t bytes)>;
    explicit TarReader(base::ByteSource& source, TarLimits limits = {}, Skip skip = nullptr);

    // The next regular file; what was not read of the one before is skipped. At the end of the
    // archive the source is drained, and nullopt returned from then on.
    std::optional<TarMember> next();
    // Bytes of the current member; 0 when it is complete. A source that ends early is an error.
    std::size_t read(std::span<std::byte> buffer);

    std::uint64_t position() const { return position_; }  // bytes consumed so far
    // What was odd but no error: skipped members, data after the end.
    const std::vector<PackageFinding>& oddities() const { return oddities_; }
    const TarShape& shape() const { return shape_; }

  private:
    struct Pending;
    std::optional<TarMember> accept(std::span<const std::byte> block, Pending& pending);
    void take_extension(char type, std::uint64_t size, Pending& pending);
    void note_shape(const TarHeader& header, const Pending& pending);
    bool read_block(std::span<std::byte> block);
    void skip_data(std::uint64_t bytes);
    void finish_member();
    void finish_archive();
    void check_totals(const TarMember& member);
    [[noreturn]] void throw_truncated(const std::string& where) const;

    base::ByteSource& source_;
    TarLimits limits_;
    Skip skip_;
    std::string archive_;
    std::uint64_t position_ = 0;
    std::uint64_t data_left_ = 0;  // of the current member
    std::uint64_t padding_ = 0;    // after it
    std::string current_name_;
    std::uint64_t total_ = 0;
    std::size_t headers_seen_ = 0;
    std::set<std::string> names_;  // folded
    std::vector<PackageFinding> oddities_;
    TarShape shape_;
    bool ended_ = false;
};

}  // namespace ovfkit
