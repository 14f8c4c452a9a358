// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/foreign_sink.h"

#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "ovfkit/disk/copy_disk.h"
#include "ovfkit/disk/raw/raw_sink.h"

namespace ovfkit {

namespace {

class ForeignSink : public DiskSink {
  public:
    ForeignSink(const DiskSinkOptions& options, DiskFormat format)
        : options_(options),
          format_(format),
          spool_(base::open_nameless(options.spool_folder)),
          bytes_(make_raw_sink({.name = options.name,
                                .fd = spool_.get(),
                                .max_capacity_bytes = options.max_capacity_bytes})) {}

    void write(std::span<const std::byte> data) override { bytes_->write(data); }

    DecodedDisk finish_over(const DiskReader* parent) override {
        assert(parent == nullptr);  // deltas are VMDK streams, see make_member_sink()
        static_cast<void>(parent);
        bytes_->finish();
        const auto disk = open_foreign_disk(std::move(spool_), options_.name, format_);
        if (disk->capacity_bytes() > options_.max_capacity_bytes) {
            throw base::Error(base::ErrorKind::unsupported,
                              fmt::format("disk '{}' is larger than the limit of {}", options_.name,
                                          base::format_byte_size(options_.max_capacity_bytes)));
        }
        return {.encoding = std::string(to_string(format_)),
                .capacity_bytes = disk->capacity_bytes(),
                .populated_bytes = put(*disk)};
    }

  private:
    std::uint64_t put(const DiskReader& disk) const {
        if (options_.stream != nullptr) {
            StreamVmdkOptions encoding = options_.encoding;
            encoding.threads = options_.threads;
            return encode_stream_optimized(disk, *options_.stream, encoding).populated_bytes;
        }
        const auto target = make_disk_target(options_.target, options_.fd, options_.name);
        return copy_disk(disk, *target, {.threads = options_.threads});
    }

    DiskSinkOptions options_;
    DiskFormat format_;
    base::UniqueFd spool_;
    std::unique_ptr<DiskSink> bytes_;
};

}  // namespace

std::unique_ptr<DiskSink> make_foreign_sink(const DiskSinkOptions& options, DiskFormat format) {
    return std::make_unique<ForeignSink>(options, format);
}

}  // namespace ovfkit
