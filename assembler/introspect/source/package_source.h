// SPDX-License-Identifier: Apache-2.0
// The machines of an OVA or OVF folder: each disk that may have a system is taken out of the
// package into a temporary file, verified on the way, and read there.
#pragma once

#include <vector>

#include "assembler/introspect/source/machine_source.h"

namespace assembler {

std::vector<IntrospectedMachine> introspect_package(const MachineSource& source,
                                                    const SourceOptions& options);

}  // namespace assembler
