// SPDX-License-Identifier: Apache-2.0
// Everything of a package into another form, byte for byte, manifest and certificate too, so that a
// signature goes on to hold. The source is checked in the same pass; the output is to be published
// only when copy_raw() has returned.
#pragma once

#include <functional>
#include <string>

#include "ovfkit/package/inspection.h"
#include "ovfkit/package/member_output.h"
#include "ovfkit/package/package_reader.h"

namespace ovfkit::edit {

// Whether a member is copied; empty: all are. The descriptor, manifest and certificate are asked
// for too.
using MemberChoice = std::function<bool(const std::string& member)>;

PackageReport copy_raw(base::ByteSource& source, const VerifyPolicy& policy, MemberOutput& output,
                       const MemberChoice& wanted, const ProgressCall& on_progress);

}  // namespace ovfkit::edit
