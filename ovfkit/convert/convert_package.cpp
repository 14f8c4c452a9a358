// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/convert/convert_package.h"

#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/http_client.h"
#include "ovfkit/convert/package_disk.h"
#include "ovfkit/convert/renewed_package.h"
#include "ovfkit/package/source/open_package.h"

namespace ovfkit {

namespace {

namespace fs = std::filesystem;

void require_sensible(const ConvertOptions& options) {
    if (options.output == "-") {
        throw base::Error(
            base::ErrorKind::usage,
            "nothing of a package is given into a pipe: it is checked to its end first",
            "name a file");
    }
    if (options.to != DiskForm::package) {
        return;
    }
    if (!options.name.empty() || options.cpus || options.memory_bytes || options.profile) {
        throw base::Error(
            base::ErrorKind::usage,
            "--name, --cpus, --memory and --profile are for an OVA made of a disk: that of a "
            "package keeps its machines",
            "muster edit changes them");
    }
    if (!options.disk.empty()) {
        throw base::Error(base::ErrorKind::usage,
                          "from package to OVA all disks are converted, not one",
                          "convert the disk to raw, qcow2 or vmdk");
    }
}

// The output of a VMDK or package into a file that is begun anew when grains turn out to come in
// another order than that of the disk: then the disks wait in the spool.
template <typename Make>
ConvertResult make_in_any_order(const ConvertOptions& options, const Make& make) {
    std::error_code ignored;
    const bool once = options.input == "-" || base::is_http_url(options.input) ||
                      fs::is_fifo(options.input, ignored);
    try {
        return make(false);
    } catch (const GrainsOutOfOrder&) {
        if (once) {
            throw;
        }
    }
    return make(true);
}

ConvertResult convert_one(const ConvertOptions& options, bool spool_vmdk) {
    const auto source = open_package(options.input);
    base::AtomicFile file(options.output);
    base::FdSink vmdk(file.fd(), options.output);
    const bool encoded = options.to == DiskForm::vmdk;
    const fs::path output(options.output);
    const PackageDisk disk =
        read_package_disk(*source, options.disk, options.policy,
                          {.fd = file.fd(),
                           .target = image_format(options.to),
                           .threads = options.threads,
                           .spool_folder = fs::absolute(output).parent_path(),
                           .stream = encoded ? &vmdk : nullptr,
                           .encoding = encoding_of(options, output.filename().string()),
                           .keep_grains = !options.fast && !options.level,
                           .spool_vmdk = spool_vmdk},
                          options.on_progress);
    // Beyond this point every check of the package has passed.
    ConvertResult result{.disk = disk.file,
                         .encoding = disk.decoded.encoding,
                         .capacity_bytes = disk.decoded.capacity_bytes,
                         .populated_bytes = disk.decoded.populated_bytes,
                         .output_bytes = base::file_size(file.temp_path()),
                         .other_disks = disk.other_disks,
                         .package = disk.report};
    file.commit();
    return result;
}

}  // namespace

ConvertResult convert_package(const ConvertOptions& options) {
    require_sensible(options);
    if (options.to == DiskForm::package) {
        return make_in_any_order(
            options, [&](bool spool_vmdk) { return renew_package(options, spool_vmdk); });
    }
    return make_in_any_order(options,
                             [&](bool spool_vmdk) { return convert_one(options, spool_vmdk); });
}

}  // namespace ovfkit
