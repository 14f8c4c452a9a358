// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/member_sink.h"

#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/letter_case.h"
#include "ovfkit/disk/codec/gzip_sink.h"
#include "ovfkit/disk/foreign_sink.h"
#include "ovfkit/disk/member_format.h"
#include "ovfkit/disk/raw/raw_sink.h"
#include "ovfkit/disk/stream_vmdk_decoder.h"
#include "ovfkit/disk/vmdk/passing_consumer.h"

namespace ovfkit {

namespace {

// Waits for the first bytes, then passes everything to the decoder they and the URI agree on.
class ChoosingSink : public DiskSink {
  public:
    ChoosingSink(const DiskSinkOptions& options, std::string format_uri)
        : options_(options), format_uri_(std::move(format_uri)) {}

    void write(std::span<const std::byte> data) override {
        if (!chosen_) {
            head_.insert(head_.end(), data.begin(), data.end());
            if (head_.size() < kMemberHeadBytes) {
                return;
            }
            choose();
            return;
        }
        chosen_->write(data);
    }

    DecodedDisk finish_over(const DiskReader* parent) override {
        if (!chosen_) {
            choose();
        }
        return chosen_->finish_over(parent);
    }

  private:
    void choose() {
        const std::string_view head = base::as_text(head_);
        const MemberFormat member = member_format(format_uri_, head, options_.name);
        chosen_ = make_decoder(member, head);
        chosen_->write(head_);
        head_ = {};
    }

    std::unique_ptr<DiskSink> make_decoder(const MemberFormat& member, std::string_view head) {
        if (options_.is_delta && (member.format != DiskFormat::vmdk || !member.streamed)) {
            throw base::Error(
                base::ErrorKind::unsupported,
                fmt::format("disk '{}' is a delta of another disk and {}: what of it is meant to "
                            "be zeros cannot be told",
                            options_.name, to_string(member.format)),
                "deltas are streamOptimized VMDKs");
        }
        const bool waits =
            !member.streamed || (options_.stream != nullptr && must_wait(member, head));
        if (waits && !options_.spool_folder.empty()) {
            return make_foreign_sink(options_, member.format);
        }
        if (member.format == DiskFormat::vmdk) {
            return make_stream_vmdk_decoder(options_);
        }
        if (member.format == DiskFormat::raw && options_.stream == nullptr) {
            return make_raw_sink(options_);
        }
        throw base::Error(
            base::ErrorKind::unsupported,
            fmt::format("disk '{}' has the format '{}'", options_.name, to_string(member.format)));
    }

    // On its way into another VMDK: that begins with the capacity, and has grains of 64 KiB.
    bool must_wait(const MemberFormat& member, std::string_view head) const {
        return member.format == DiskFormat::raw || options_.spool_vmdk ||
               !vmdk::can_pass_on(base::as_bytes(head));
    }

    DiskSinkOptions options_;
    std::string format_uri_;
    std::vector<std::byte> head_;
    std::unique_ptr<DiskSink> chosen_;
};

class GunzippingSink : public DiskSink {
  public:
    GunzippingSink(std::unique_ptr<DiskSink> disk, const std::string& name)
        : disk_(std::move(disk)), gunzip_(*disk_, name) {}

    void write(std::span<const std::byte> data) override { gunzip_.write(data); }
    DecodedDisk finish_over(const DiskReader* parent) override {
        gunzip_.finish();
        DecodedDisk decoded = disk_->finish_over(parent);
        decoded.encoding += "+gzip";
        return decoded;
    }

  private:
    std::unique_ptr<DiskSink> disk_;
    GzipSink gunzip_;
};

}  // namespace

GrainsOutOfOrder::GrainsOutOfOrder(const std::string& name)
    : base::Error(base::ErrorKind::unsupported,
                  fmt::format("the grains of VMDK '{}' are not in the order of the disk", name),
                  "save the package to a file and give the file: it has to be read twice") {
}

std::unique_ptr<DiskSink> take_disk_sink(std::unique_ptr<base::ByteSink>& sink) {
    auto* disk = dynamic_cast<DiskSink*>(sink.get());
    if (disk != nullptr) {
        static_cast<void>(sink.release());
    }
    return std::unique_ptr<DiskSink>(disk);
}

std::unique_ptr<DiskSink> make_member_sink(const DiskSinkOptions& options,
                                           const std::string& format_uri,
                                           const std::string& compression) {
    auto disk = std::make_unique<ChoosingSink>(options, format_uri);
    const std::string method = base::to_lower(compression);
    if (method.empty() || method == "identity") {
        return disk;
    }
    if (method == "gzip") {
        return std::make_unique<GunzippingSink>(std::move(disk), options.name);
    }
    throw base::Error(base::ErrorKind::unsupported,
                      fmt::format("disk '{}' is compressed with '{}'", options.name, compression),
                      "only gzip is defined by DSP0243");
}

}  // namespace ovfkit
