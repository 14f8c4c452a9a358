// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/convert/disk_form.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "base/http_client.h"
#include "base/stream.h"
#include "ovfkit/package/source/open_package.h"
#include "ovfkit/package/source/peeked_source.h"
#include "ovfkit/package/tar/member_name.h"
#include "ovfkit/package/tar/tar_header.h"

namespace ovfkit {

namespace {

namespace fs = std::filesystem;

struct KnownForm {
    DiskForm form;
    std::string_view name;
    std::string_view extension;
};

// The first of each form is its name.
constexpr std::array<KnownForm, 6> kForms{{{DiskForm::raw, "raw", ".raw"},
                                           {DiskForm::raw, "img", ".img"},
                                           {DiskForm::qcow2, "qcow2", ".qcow2"},
                                           {DiskForm::vmdk, "vmdk", ".vmdk"},
                                           {DiskForm::package, "ova", ".ova"},
                                           {DiskForm::package, "ovf", ".ovf"}}};

constexpr std::array<std::string_view, 4> kRawExtensions{{".raw", ".img", ".dd", ".iso"}};

}  // namespace

std::string_view to_string(DiskForm form) {
    for (const KnownForm& known : kForms) {
        if (known.form == form) {
            return known.name;
        }
    }
    base::unreachable("disk form without a name");
}

std::optional<DiskForm> find_disk_form(std::string_view name) {
    for (const KnownForm& known : kForms) {
        if (known.name == name) {
            return known.form;
        }
    }
    return std::nullopt;
}

std::optional<DiskForm> form_of_path(const std::string& path) {
    for (const KnownForm& known : kForms) {
        if (has_extension(path, known.extension)) {
            return known.form;
        }
    }
    return std::nullopt;
}

bool is_package(const std::string& location) {
    if (location == "-" || base::is_http_url(location) ||
        form_of_path(location) == DiskForm::package) {
        return true;
    }
    std::error_code ignored;
    const fs::file_status status = fs::status(location, ignored);
    if (fs::is_directory(status) || fs::is_fifo(status)) {
        return true;
    }
    const auto source = base::open_source(location);
    const std::string start = peek_at(*source, kTarBlock);
    const PackageForm form = find_package_form(base::as_bytes(start));
    // A VDI begins with "<<<".
    return form != PackageForm::unknown && (form != PackageForm::xml || !find_marked_format(start));
}

void require_named_raw(const std::string& path, const DiskReader& disk) {
    std::error_code ignored;
    const bool named =
        std::any_of(kRawExtensions.begin(), kRawExtensions.end(),
                    [&](std::string_view extension) { return has_extension(path, extension); });
    if (disk.format() != DiskFormat::raw || named || fs::is_block_file(path, ignored)) {
        return;
    }
    throw base::Error(base::ErrorKind::usage,
                      fmt::format("nothing tells what '{}' is: it has no mark of a disk format or "
                                  "of a package",
                                  path),
                      "--from raw takes its bytes as the disk");
}

}  // namespace ovfkit
