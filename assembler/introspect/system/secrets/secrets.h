// SPDX-License-Identifier: Apache-2.0
// Where secrets are in a machine: accounts, keys of ssh and TLS, the well-known files of clients,
// and whatever an administrator wrote. Run after everything else: it reads the files that were
// found, and takes secrets out of the facts.
#pragma once

#include "assembler/introspect/system/reading.h"

namespace assembler::introspect {

// facts.secrets; values are filled only with `with_values`.
void find_secrets(Reading& reading, bool with_values);

// "***" for secrets in environments, command lines and properties.
void mask_secrets(MachineFacts& facts);

}  // namespace assembler::introspect
