// SPDX-License-Identifier: Apache-2.0
// What differs between two packages or descriptors in meaning, machine by machine. Order, prefixes,
// ids of disks and files, units and formatting are no difference. Machines are matched by id, those
// left over by name. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ovfkit/descriptor/envelope.h"
#include "ovfkit/diff/change.h"

namespace ovfkit {

struct DiffSide {
    const Envelope& envelope;
    // SHA-256 of the files by href, when the package was read; empty for a bare descriptor. A file
    // without a digest on one side is compared by what the descriptor says.
    const std::map<std::string, std::string>& digests;
};

std::vector<Change> diff_packages(const DiffSide& before, const DiffSide& after);

}  // namespace ovfkit
