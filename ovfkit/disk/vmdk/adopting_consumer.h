// SPDX-License-Identifier: Apache-2.0
// Adoption: the deflated grains of a VMDK become the deflated clusters of a qcow2 as they are. A
// grain is a zlib stream, a cluster the deflate stream inside it: header and Adler-32 are dropped.
// That Adler-32 is then never compared, so it is for bytes that a manifest's digest covers;
// otherwise every grain is inflated besides, by worker threads, to see that it is whole.
// Grains that a cluster cannot hold (not shrunk, odd header, reaching past the end of the disk) are
// inflated and stored plain.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "ovfkit/disk/vmdk/disk_consumer.h"

namespace ovfkit::vmdk {

// Grains of 64 KiB are the clusters of Qcow2Writer; others have to be inflated.
bool can_adopt(const SparseHeader& header);

// Deflate with a window of up to 32 KiB, check bits right, no preset dictionary. At least two
// bytes.
bool has_plain_zlib_header(std::span<const std::byte> grain);

// Borrows options.fd; the header given to begin() is one that can_adopt() takes.
std::unique_ptr<DiskConsumer> make_adopting_consumer(const DiskSinkOptions& options);

}  // namespace ovfkit::vmdk
