// SPDX-License-Identifier: Apache-2.0
// What an administrator did to the files of a machine: configuration that is not as its package
// brought it, and files below /etc, /usr/local, /opt and /srv that no package brought and no
// maintainer script makes (generated_files.h).
#pragma once

#include "assembler/introspect/system/packages/package_database.h"

namespace assembler::introspect {

void find_changed_files(Reading& reading, const PackageDatabase& packages);  // facts.changed_files

}  // namespace assembler::introspect
