// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/disk_reader.h"

#include <fcntl.h>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "ovfkit/disk/blockmap/block_map.h"
#include "ovfkit/disk/qcow2/qcow2_reader.h"
#include "ovfkit/disk/raw/raw_reader.h"
#include "ovfkit/disk/vmdk/extent_set.h"
#include "ovfkit/disk/vmdk/sparse_reader.h"

namespace ovfkit {

namespace {

constexpr std::uint64_t kMostDescriptorBytes = 1U << 20U;
constexpr std::uint64_t kFooterBytes = 512;

struct Magic {
    DiskFormat format;
    std::size_t offset;
    std::string_view bytes;
};

constexpr std::string_view kDescriptorMagic = "# Disk DescriptorFile";
constexpr std::string_view kVhdMagic = "conectix";
constexpr std::array<Magic, 6> kMagics{{
    {DiskFormat::qcow2, 0, "QFI\xfb"},
    {DiskFormat::vmdk, 0, "KDMV"},
    {DiskFormat::vmdk, 0, kDescriptorMagic},
    {DiskFormat::vdi, 0x40, "\x7f\x10\xda\xbe"},
    {DiskFormat::vhdx, 0, "vhdxfile"},
    {DiskFormat::vpc, 0, kVhdMagic},
}};

struct KnownName {
    DiskFormat format;
    std::string_view name;
};
// The first of each format is its name.
constexpr std::array<KnownName, 8> kNames{{{DiskFormat::raw, "raw"},
                                           {DiskFormat::raw, "img"},
                                           {DiskFormat::qcow2, "qcow2"},
                                           {DiskFormat::vmdk, "vmdk"},
                                           {DiskFormat::vdi, "vdi"},
                                           {DiskFormat::vpc, "vpc"},
                                           {DiskFormat::vpc, "vhd"},
                                           {DiskFormat::vhdx, "vhdx"}}};

[[noreturn]] void fail_unsupported(const std::string& path, std::string_view what) {
    throw base::Error(base::ErrorKind::unsupported, fmt::format("disk '{}' {}", path, what),
                      "write it as raw, qcow2 or VMDK with the program that made it");
}

std::string read_head(int fd, const std::string& path, std::uint64_t bytes) {
    std::vector<std::byte> head(bytes);
    head.resize(base::pread_some(fd, head, 0, path));
    return std::string(base::as_text(head));
}

DiskFormat detect(int fd, std::uint64_t size, const std::string& path) {
    const std::string head = read_head(fd, path, 512);
    if (const auto marked = find_marked_format(head)) {
        return *marked;
    }
    if (head.starts_with("LUKS\xba\xbe")) {
        fail_unsupported(path, "is encrypted (LUKS)");
    }
    if (head.starts_with("COWD")) {
        fail_unsupported(path, "is an ESX sparse extent");
    }
    if (size > kFooterBytes) {
        std::vector<std::byte> footer(kVhdMagic.size());
        base::pread_some(fd, footer, size - kFooterBytes, path);
        if (base::as_text(footer) == kVhdMagic) {
            return DiskFormat::vpc;
        }
    }
    return DiskFormat::raw;
}

std::unique_ptr<DiskReader> open_as(base::UniqueFd fd, std::uint64_t size, const std::string& name,
                                    DiskFormat format) {
    switch (format) {
        case DiskFormat::raw: return open_raw(std::move(fd), size, name);
        case DiskFormat::qcow2: return open_qcow2(std::move(fd), size, name);
        case DiskFormat::vmdk: return vmdk::open_sparse_extent(std::move(fd), size, name);
        case DiskFormat::vdi: {
            BlockMap map = read_vdi_map(fd.get(), size, name);
            return open_block_map(std::move(fd), std::move(map), name);
        }
        case DiskFormat::vpc: {
            BlockMap map = read_vhd_map(fd.get(), size, name);
            return open_block_map(std::move(fd), std::move(map), name);
        }
        case DiskFormat::vhdx: {
            BlockMap map = read_vhdx_map(fd.get(), size, name);
            return open_block_map(std::move(fd), std::move(map), name);
        }
    }
    base::unreachable("disk format without a reader");
}

}  // namespace

std::string_view to_string(DiskFormat format) {
    for (const KnownName& known : kNames) {
        if (known.format == format) {
            return known.name;
        }
    }
    base::unreachable("disk format without a name");
}

std::optional<DiskFormat> find_disk_format(std::string_view name) {
    for (const KnownName& known : kNames) {
        if (known.name == name) {
            return known.format;
        }
    }
    return std::nullopt;
}

std::optional<DiskFormat> find_marked_format(std::string_view head) {
    for (const Magic& magic : kMagics) {
        if (head.size() > magic.offset && head.substr(magic.offset).starts_with(magic.bytes)) {
            return magic.format;
        }
    }
    return std::nullopt;
}

std::unique_ptr<DiskReader> open_disk(const std::string& path, std::optional<DiskFormat> format) {
    base::UniqueFd fd = base::open_file(path, O_RDONLY | O_NONBLOCK);
    const std::uint64_t size = disk_file_size(fd.get(), path);
    const DiskFormat chosen = format ? *format : detect(fd.get(), size, path);
    if (chosen == DiskFormat::vmdk) {
        const std::string head = read_head(fd.get(), path, kDescriptorMagic.size());
        if (head == kDescriptorMagic) {
            return vmdk::open_extent_set(path, read_head(fd.get(), path, kMostDescriptorBytes));
        }
    }
    return open_as(std::move(fd), size, path, chosen);
}

std::unique_ptr<DiskReader> open_clone(const std::string& path, std::unique_ptr<DiskReader> below) {
    base::UniqueFd fd = base::open_file(path, O_RDONLY | O_NONBLOCK);
    const std::uint64_t size = disk_file_size(fd.get(), path);
    return open_qcow2(std::move(fd), size, path, std::move(below));
}

std::unique_ptr<DiskReader> open_foreign_disk(base::UniqueFd fd, const std::string& name,
                                              DiskFormat format) {
    const std::uint64_t size = disk_file_size(fd.get(), name);
    return open_as(std::move(fd), size, name, format);
}

}  // namespace ovfkit
