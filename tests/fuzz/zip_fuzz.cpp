// SPDX-License-Identifier: Apache-2.0
// Any bytes as a zip archive: an Error, or entries that lie inside it; then the stream made of it.
#include <sys/mman.h>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "ovfkit/package/source/zip_directory.h"
#include "ovfkit/package/source/zip_source.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    base::UniqueFd fd(::memfd_create("zip", MFD_CLOEXEC));
    // SAFETY: octets seen as bytes.
    base::pwrite_all(fd.get(), {reinterpret_cast<const std::byte*>(data), size}, 0, "x.zip");
    try {
        auto archive = std::make_unique<base::FileAccess>(
            std::make_unique<base::FdSource>(std::move(fd), "x.zip"));
        for (const ovfkit::ZipEntry& entry : ovfkit::read_zip_directory(*archive)) {
            if (entry.data_offset > size || entry.packed_size > size - entry.data_offset) {
                std::abort();
            }
        }
        const auto source = ovfkit::make_zip_source(std::move(archive));
        std::vector<std::byte> buffer(4096);
        std::uint64_t total = 0;
        while (const std::size_t got = source->read(buffer)) {
            total += got;
            if (total > 64U << 20U) {
                break;
            }
        }
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::invalid_input &&
            error.kind() != base::ErrorKind::unsupported) {
            std::abort();
        }
    }
    return 0;
}
