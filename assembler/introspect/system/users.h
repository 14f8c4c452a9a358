// SPDX-License-Identifier: Apache-2.0
// Users of passwd with their groups, whether they have a password, and how many ssh keys open
// their accounts. No hash is kept.
#pragma once

#include "assembler/introspect/system/reading.h"

namespace assembler::introspect {

void read_users(Reading& reading);  // facts.users

}  // namespace assembler::introspect
