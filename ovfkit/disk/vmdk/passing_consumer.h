// SPDX-License-Identifier: Apache-2.0
// The grains of a VMDK on their way into another one: inflated by worker threads to see that they
// are whole, then written as they were deflated, with the tables, footer and end-of-stream marker
// that VMware wants. A grain that is not 64 KiB of plain zlib is deflated anew, or all of them when
// the caller does not keep them; zero grains are left out.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "ovfkit/disk/vmdk/disk_consumer.h"

namespace ovfkit::vmdk {

// By the first sector: whether the grains have the size that the new VMDK has.
bool can_pass_on(std::span<const std::byte> head);

// Borrows options.stream. add() throws GrainsOutOfOrder.
std::unique_ptr<DiskConsumer> make_passing_consumer(const DiskSinkOptions& options);

}  // namespace ovfkit::vmdk
