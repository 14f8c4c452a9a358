// SPDX-License-Identifier: Apache-2.0
// convert_disk() for packages, and what it shares with that for disks of the user's own.
#pragma once

#include <string>

#include "ovfkit/convert/convert.h"
#include "ovfkit/disk/stream_vmdk_encoder.h"

namespace ovfkit {

ConvertResult convert_package(const ConvertOptions& options);

DiskFormat image_format(DiskForm form);  // of raw and qcow2
StreamVmdkOptions encoding_of(const ConvertOptions& options, const std::string& extent_name);

}  // namespace ovfkit
