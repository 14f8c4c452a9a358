// SPDX-License-Identifier: Apache-2.0
// A look at whatever one is given: an OVA, or a bare descriptor, from a file, standard input or a
// URL. Nothing is unpacked. What is wrong is kept beside what could be read.
#pragma once

#include <functional>
#include <optional>

#include "base/stream.h"
#include "ovfkit/descriptor/envelope.h"
#include "ovfkit/package/package_reader.h"

namespace ovfkit {

struct Inspection {
    std::string descriptor_name;
    Envelope envelope;
    // Absent for a bare descriptor. Failures of integrity are in it, not thrown.
    std::optional<PackageReport> package;
};

// bytes done, and the total (0: unknown)
using ProgressCall = std::function<void(std::uint64_t, std::uint64_t)>;

// Throws when the descriptor cannot be used or the archive is damaged.
Inspection inspect_source(base::ByteSource& source, const VerifyPolicy& policy,
                          const ProgressCall& on_progress = nullptr);

}  // namespace ovfkit
