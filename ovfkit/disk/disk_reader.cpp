// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/disk_reader.h"

#include <fcntl.h>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "ovfkit/disk/qcow2/qcow2_reader.h"
#include "ovfkit/disk/raw/raw_reader.h"

namespace ovfkit {

namespace {

struct Magic {
    std::string_view format;  // as qemu-img calls it
    std::size_t offset;
    std::string_view bytes;
};

constexpr std::string_view kQcowMagic = "QFI\xfb";
constexpr std::array<Magic, 7> kForeignMagics{{
    {"vmdk", 0, "KDMV"},
    {"vmdk", 0, "COWD"},
    {"vmdk", 0, "# Disk DescriptorFile"},
    {"vdi", 0x40, "\x7f\x10\xda\xbe"},
    {"vhdx", 0, "vhdxfile"},
    {"vpc", 0, "conectix"},
    {"luks", 0, "LUKS\xba\xbe"},
}};

DiskFormat detect(int fd, const std::string& path) {
    std::vector<std::byte> head(512);
    head.resize(base::pread_some(fd, head, 0, path));
    const std::string_view text = base::as_text(head);
    if (text.starts_with(kQcowMagic)) {
        return DiskFormat::qcow2;
    }
    for (const Magic& magic : kForeignMagics) {
        if (text.size() > magic.offset && text.substr(magic.offset).starts_with(magic.bytes)) {
            throw base::Error(
                base::ErrorKind::unsupported,
                fmt::format("disk '{}' is in {} format, not raw or qcow2", path, magic.format),
                fmt::format("convert it: qemu-img convert -f {} -O qcow2 '{}' disk.qcow2",
                            magic.format, path));
        }
    }
    return DiskFormat::raw;
}

}  // namespace

std::string_view to_string(DiskFormat format) {
    return format == DiskFormat::raw ? "raw" : "qcow2";
}

std::optional<DiskFormat> find_disk_format(std::string_view name) {
    if (name == "raw" || name == "img") {
        return DiskFormat::raw;
    }
    if (name == "qcow2") {
        return DiskFormat::qcow2;
    }
    return std::nullopt;
}

std::unique_ptr<DiskReader> open_disk(const std::string& path, std::optional<DiskFormat> format) {
    base::UniqueFd fd = base::open_file(path, O_RDONLY | O_NONBLOCK);
    const std::uint64_t size = disk_file_size(fd.get(), path);
    const DiskFormat chosen = format ? *format : detect(fd.get(), path);
    if (chosen == DiskFormat::qcow2) {
        return open_qcow2(std::move(fd), size, path);
    }
    return open_raw(std::move(fd), size, path);
}

}  // namespace ovfkit
