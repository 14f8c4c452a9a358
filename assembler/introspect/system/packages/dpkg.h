// SPDX-License-Identifier: Apache-2.0
// dpkg's database: /var/lib/dpkg/status and status.d, the lists and checksums in info/, diversions,
// and what apt marks as installed for others.
#pragma once

#include "assembler/introspect/system/packages/package_database.h"

namespace assembler::introspect {

void read_dpkg(Reading& reading, PackageDatabase& database);

}  // namespace assembler::introspect
