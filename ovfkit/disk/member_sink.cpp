// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/member_sink.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/letter_case.h"
#include "ovfkit/disk/codec/gzip_sink.h"
#include "ovfkit/disk/raw/raw_sink.h"
#include "ovfkit/disk/stream_vmdk_decoder.h"

namespace ovfkit {

namespace {

enum class DeclaredFormat { unknown, vmdk, raw };

struct KnownUri {
    std::string_view part;  // of the lower-cased URI
    DeclaredFormat format;
};

// Writers disagree about the tail (#streamOptimized, #sparse, #compressed, none) and the host.
constexpr std::array<KnownUri, 3> kKnownUris{{
    {"vmdk", DeclaredFormat::vmdk},
    {"/raw", DeclaredFormat::raw},
    {"raw-disk", DeclaredFormat::raw},
}};

DeclaredFormat declared_format(const std::string& uri) {
    const std::string text = base::to_lower(uri);
    for (const KnownUri& known : kKnownUris) {
        if (text.find(known.part) != std::string::npos) {
            return known.format;
        }
    }
    return text == "raw" ? DeclaredFormat::raw : DeclaredFormat::unknown;
}

struct ForeignMagic {
    std::string_view format;
    std::string_view bytes;
};

// What must never pass as "raw": a later reader that probes would follow what is inside
// (CVE-2024-40767).
constexpr std::array<ForeignMagic, 7> kForeignMagics{{
    {"VMDK", "KDMV"},
    {"VMDK", "COWD"},
    {"VMDK", "# Disk DescriptorFile"},
    {"qcow2", "QFI\xfb"},
    {"VHDX", "vhdxfile"},
    {"VHD", "conectix"},
    {"LUKS", "LUKS\xba\xbe"},
}};

std::optional<std::string_view> foreign_format(std::string_view head) {
    for (const ForeignMagic& magic : kForeignMagics) {
        if (head.starts_with(magic.bytes)) {
            return magic.format;
        }
    }
    return std::nullopt;
}

// Waits for the first bytes, then passes everything to the decoder they and the URI agree on.
class ChoosingSink : public DiskSink {
  public:
    ChoosingSink(const DiskSinkOptions& options, std::string format_uri)
        : options_(options), format_uri_(std::move(format_uri)) {}

    void write(std::span<const std::byte> data) override {
        if (!chosen_) {
            head_.insert(head_.end(), data.begin(), data.end());
            if (head_.size() < kHeadBytes) {
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
    static constexpr std::size_t kHeadBytes = 32;

    void choose() {
        const std::string_view head = base::as_text(head_);
        const DeclaredFormat declared = declared_format(format_uri_);
        const std::optional<std::string_view> foreign = foreign_format(head);
        const bool vmdk = foreign == "VMDK";
        if (declared == DeclaredFormat::vmdk || (declared == DeclaredFormat::unknown && vmdk)) {
            chosen_ = make_stream_vmdk_decoder(options_);
        } else if (declared == DeclaredFormat::raw && !foreign && options_.is_delta) {
            throw base::Error(base::ErrorKind::unsupported,
                              fmt::format("disk '{}' is a delta of another disk and raw: what of "
                                          "it is meant to be zeros cannot be told",
                                          options_.name),
                              "deltas are streamOptimized VMDKs");
        } else if (declared == DeclaredFormat::raw && !foreign) {
            chosen_ = make_raw_sink(options_);
        } else if (declared == DeclaredFormat::raw) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("disk '{}' is declared raw but is in {} format",
                                          options_.name, *foreign),
                              "the descriptor and the disk must agree");
        } else {
            throw base::Error(
                base::ErrorKind::unsupported,
                fmt::format("disk '{}' has the format '{}'", options_.name,
                            foreign ? *foreign : std::string_view(format_uri_)),
                "convert it: qemu-img convert -O vmdk -o subformat=streamOptimized OLD NEW.vmdk");
        }
        chosen_->write(head_);
        head_ = {};
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
