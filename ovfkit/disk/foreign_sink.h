// SPDX-License-Identifier: Apache-2.0
// A disk member of a format that can only be read at random: qcow2, VHD, VHDX, VDI, a VMDK whose
// tables stand before its data. It waits in a nameless file of DiskSinkOptions::spool_folder, where
// nobody else can change it, and is copied at the end by our own readers: what leans on other files
// (backing file, data file, parent) or is encrypted is refused, nothing is ever followed.
#pragma once

#include <memory>

#include "ovfkit/disk/member_sink.h"

namespace ovfkit {

std::unique_ptr<DiskSink> make_foreign_sink(const DiskSinkOptions& options, DiskFormat format);

}  // namespace ovfkit
