// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/source/zip_source.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "ovfkit/package/look_ahead.h"
#include "ovfkit/package/source/filter/unpacker.h"
#include "ovfkit/package/source/tar_stream.h"
#include "ovfkit/package/source/zip_directory.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit {

namespace {

constexpr std::size_t kInput = 256 * base::kKiB;

// The unpacked bytes of one entry, whose size and checksum must be what the directory says.
class EntryReader {
  public:
    EntryReader(base::RandomAccess& archive, ZipEntry entry)
        : archive_(archive),
          entry_(std::move(entry)),
          unpacker_(entry_.deflated ? make_deflate_unpacker() : nullptr),
          input_(kInput) {}

    std::size_t read(std::span<std::byte> buffer) {
        buffer = buffer.first(std::min<std::uint64_t>(buffer.size(), entry_.size - made_));
        if (buffer.empty()) {
            return 0;
        }
        const std::size_t got = unpacker_ ? read_deflated(buffer) : read_stored(buffer);
        if (got == 0) {
            fail("ends too early");
        }
        made_ += got;
        crc_ = crc32_of(crc_, buffer.first(got));
        if (made_ == entry_.size && crc_ != entry_.crc32) {
            fail("does not match its checksum");
        }
        return got;
    }
    const ZipEntry& entry() const { return entry_; }

  private:
    std::size_t read_stored(std::span<std::byte> buffer) {
        return archive_.read_at(entry_.data_offset + made_, buffer);
    }
    std::size_t read_deflated(std::span<std::byte> buffer) {
        while (true) {
            if (begin_ == end_ && taken_ < entry_.packed_size) {
                const std::size_t want =
                    std::min<std::uint64_t>(input_.size(), entry_.packed_size - taken_);
                end_ = archive_.read_at(entry_.data_offset + taken_, std::span(input_).first(want));
                begin_ = 0;
                taken_ += end_;
            }
            const bool last = taken_ == entry_.packed_size || begin_ == end_;
            const auto in = std::span(input_).subspan(begin_, end_ - begin_);
            const Unpacker::Step step = base::in_context(
                fmt::format("{}: member '{}'", quoted_source(archive_.name()), entry_.name),
                [&] { return unpacker_->step(in, buffer, last && in.empty()); });
            begin_ += step.consumed;
            if (step.produced > 0 || (step.consumed == 0 && last)) {
                return step.produced;
            }
        }
    }
    [[noreturn]] void fail(std::string_view what) const {
        throw base::Error(
            base::ErrorKind::invalid_input,
            fmt::format("{}: member '{}' {}", quoted_source(archive_.name()), entry_.name, what),
            "get the file from its maker again");
    }

    base::RandomAccess& archive_;
    ZipEntry entry_;
    std::unique_ptr<Unpacker> unpacker_;
    std::vector<std::byte> input_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::uint64_t taken_ = 0;  // packed bytes read
    std::uint64_t made_ = 0;
    std::uint32_t crc_ = 0;
};

// The one OVA of an archive.
class EntrySource : public base::ByteSource {
  public:
    EntrySource(std::unique_ptr<base::RandomAccess> archive, ZipEntry entry)
        : archive_(std::move(archive)), reader_(*archive_, std::move(entry)) {}
    std::size_t read(std::span<std::byte> buffer) override { return reader_.read(buffer); }
    const std::string& name() const override { return archive_->name(); }
    std::uint64_t size() const override { return reader_.entry().size; }

  private:
    std::unique_ptr<base::RandomAccess> archive_;
    EntryReader reader_;
};

class ZipSource : public TarStream {
  public:
    ZipSource(std::unique_ptr<base::RandomAccess> archive, std::vector<ZipEntry> entries)
        : TarStream(archive->name()), archive_(std::move(archive)), entries_(std::move(entries)) {
        for (const ZipEntry& entry : entries_) {
            total_ += entry.size;
        }
    }
    std::uint64_t size() const override { return total_; }

  protected:
    std::optional<Member> next_member() override {
        if (next_ == entries_.size()) {
            return std::nullopt;
        }
        const ZipEntry& entry = entries_.at(next_++);
        reader_.emplace(*archive_, entry);
        return Member{entry.name, entry.size};
    }
    std::size_t read_member(std::span<std::byte> buffer) override { return reader_->read(buffer); }

  private:
    std::unique_ptr<base::RandomAccess> archive_;
    std::vector<ZipEntry> entries_;
    std::size_t next_ = 0;
    std::optional<EntryReader> reader_;
    std::uint64_t total_ = 0;
};

// What says what the rest is comes first.
int rank_of(const ZipEntry& entry) {
    const std::string name = entry.name.substr(folder_of(entry.name).size());
    return is_archiver_litter(entry.name) ? 4
           : is_descriptor_name(name)     ? 0
           : is_manifest_name(name)       ? 1
           : is_certificate_name(name)    ? 2
                                          : 3;
}

}  // namespace

std::unique_ptr<base::ByteSource> make_zip_source(std::unique_ptr<base::RandomAccess> archive) {
    std::vector<ZipEntry> entries = read_zip_directory(*archive);
    std::stable_sort(entries.begin(), entries.end(),
                     [](const ZipEntry& a, const ZipEntry& b) { return rank_of(a) < rank_of(b); });
    const auto real = std::count_if(entries.begin(), entries.end(), [](const ZipEntry& entry) {
        return !is_archiver_litter(entry.name);
    });
    if (real == 1 && has_extension(entries.front().name, ".ova")) {
        return std::make_unique<EntrySource>(std::move(archive), std::move(entries.front()));
    }
    return std::make_unique<ZipSource>(std::move(archive), std::move(entries));
}

}  // namespace ovfkit
