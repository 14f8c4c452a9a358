// SPDX-License-Identifier: Apache-2.0
// Alpine's list of installed packages, /lib/apk/db/installed, which names their files too.
#pragma once

#include "assembler/introspect/system/packages/package_database.h"

namespace assembler::introspect {

void read_apk(Reading& reading, PackageDatabase& database);

}  // namespace assembler::introspect
