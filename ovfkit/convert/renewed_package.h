// SPDX-License-Identifier: Apache-2.0
// A whole package into an OVA, in the one pass that verifies it: every disk becomes a
// streamOptimized VMDK with all that VMware wants (footer, end-of-stream marker, version 3),
// whatever it was; the descriptor is kept and speaks of the new files; other files are copied as
// they are. The manifest is new, and a signature cannot be kept.
#pragma once

#include "ovfkit/convert/convert.h"

namespace ovfkit {

// `spool_vmdk` as in DiskSinkOptions. The output appears when everything was checked.
ConvertResult renew_package(const ConvertOptions& options, bool spool_vmdk);

}  // namespace ovfkit
