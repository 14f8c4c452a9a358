// SPDX-License-Identifier: Apache-2.0
// Push decoder for streamOptimized VMDK as the field writes it: grain directory in the footer, in
// the header or both; with markers, or with tables on top and no markers (qemu-img); versions 1 to
// 3; padding between grains and tables. Into a raw file grains are inflated and written at their
// place by worker threads behind a bounded queue; into a qcow2 they are adopted where they can be
// (vmdk/adopting_consumer.h). Holes are never written. Every grain must be listed in the tables at
// the place where it was found and the other way round, so a cut or edited stream is an error and
// never a shorter disk.
#pragma once

#include <memory>

#include "ovfkit/disk/member_sink.h"

namespace ovfkit {

// Other VMDK kinds (flat, monolithicSparse, split, delta, a bare descriptor) are unsupported errors
// with the command that converts them.
std::unique_ptr<DiskSink> make_stream_vmdk_decoder(const DiskSinkOptions& options);

}  // namespace ovfkit
