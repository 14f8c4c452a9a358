// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/member_format.h"

#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/letter_case.h"
#include "ovfkit/disk/byte_order.h"
#include "ovfkit/disk/vmdk/sparse_format.h"

namespace ovfkit {

namespace {

struct KnownUri {
    std::string_view part;  // of the lower-cased URI
    DiskFormat format;
};

// Writers disagree about the tail (#streamOptimized, #sparse, #compressed, none) and the host.
// The first that fits counts: "vhd" is in "vhdx" too.
constexpr std::array<KnownUri, 11> kKnownUris{{{"vmdk", DiskFormat::vmdk},
                                               {"qcow", DiskFormat::qcow2},
                                               {"vhdx", DiskFormat::vhdx},
                                               {"vhd", DiskFormat::vpc},
                                               {"bb676673", DiskFormat::vpc},  // Microsoft's page
                                               {"linkid=137171", DiskFormat::vpc},  // VirtualBox
                                               {"/vpc", DiskFormat::vpc},
                                               {"/vdi", DiskFormat::vdi},
                                               {"#vdi", DiskFormat::vdi},
                                               {"/raw", DiskFormat::raw},
                                               {"raw-disk", DiskFormat::raw}}};

std::optional<DiskFormat> declared_format(const std::string& uri) {
    const std::string text = base::to_lower(uri);
    for (const KnownUri& known : kKnownUris) {
        if (text.find(known.part) != std::string::npos) {
            return known.format;
        }
    }
    return find_disk_format(text);
}

struct Mark {
    std::string_view name;
    std::size_t offset;
    std::string_view bytes;
    std::optional<DiskFormat> format;  // absent: of no use to us
};

// What must never pass as raw: a later reader that probes would follow what is inside
// (CVE-2024-40767).
constexpr std::array<Mark, 8> kMarks{{
    {"VMDK", 0, "KDMV", DiskFormat::vmdk},
    {"VMDK", 0, "COWD", DiskFormat::vmdk},
    {"VMDK", 0, "# Disk DescriptorFile", DiskFormat::vmdk},
    {"qcow2", 0, "QFI\xfb", DiskFormat::qcow2},
    {"VHDX", 0, "vhdxfile", DiskFormat::vhdx},
    {"VHD", 0, "conectix", DiskFormat::vpc},
    {"VDI", 0x40, "\x7f\x10\xda\xbe", DiskFormat::vdi},
    {"LUKS", 0, "LUKS\xba\xbe", std::nullopt},
}};

const Mark* find_mark(std::string_view head) {
    for (const Mark& mark : kMarks) {
        if (head.size() > mark.offset && head.substr(mark.offset).starts_with(mark.bytes)) {
            return &mark;
        }
    }
    return nullptr;
}

[[noreturn]] void fail_contradiction(const std::string& name, DiskFormat declared,
                                     std::string_view found) {
    throw base::Error(
        base::ErrorKind::invalid_input,
        fmt::format("disk '{}' is declared {} but is {}", name, to_string(declared), found),
        "the descriptor and the disk must agree");
}

// A sparse VMDK without markers has its tables where the stream is past them.
bool is_streamed_vmdk(std::string_view head) {
    constexpr std::uint32_t kBoth = vmdk::kFlagCompressed | vmdk::kFlagMarkers;
    if (!head.starts_with("KDMV") || head.size() < vmdk::kSector) {
        return true;  // refused by the decoder
    }
    return (load_le<std::uint32_t>(base::as_bytes(head), 8) & kBoth) == kBoth;
}

MemberFormat format_without_mark(std::optional<DiskFormat> declared, const std::string& format_uri,
                                 const std::string& name) {
    if (!declared) {
        throw base::Error(
            base::ErrorKind::unsupported,
            fmt::format("disk '{}' has the format '{}'", name, format_uri),
            "convert it: qemu-img convert -O vmdk -o subformat=streamOptimized OLD NEW.vmdk");
    }
    switch (*declared) {
        case DiskFormat::raw:
        case DiskFormat::vmdk: return {*declared, true};
        case DiskFormat::vpc: return {*declared, false};  // a fixed one has its mark at the end
        default: fail_contradiction(name, *declared, "not in that format");
    }
}

}  // namespace

MemberFormat member_format(const std::string& format_uri, std::string_view head,
                           const std::string& name) {
    const std::optional<DiskFormat> declared = declared_format(format_uri);
    const Mark* mark = find_mark(head);
    if (mark == nullptr) {
        return format_without_mark(declared, format_uri, name);
    }
    const bool ovirt = declared == DiskFormat::vmdk && mark->format == DiskFormat::qcow2;
    if (declared && declared != mark->format && !ovirt) {
        fail_contradiction(name, *declared, fmt::format("in {} format", mark->name));
    }
    if (!mark->format) {
        throw base::Error(base::ErrorKind::unsupported,
                          fmt::format("disk '{}' has the format '{}'", name, mark->name),
                          "decrypt it on the host that made it");
    }
    return {*mark->format, mark->format == DiskFormat::vmdk && is_streamed_vmdk(head)};
}

}  // namespace ovfkit
