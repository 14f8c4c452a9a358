// SPDX-License-Identifier: Apache-2.0
// An assembly and the schemas of its images put together: connections, properties, endpoints.
#pragma once

#include "assembler/assembly.h"
#include "assembler/schema/findings.h"
#include "assembler/schema/image_schema.h"

namespace assembler {

// Asks for each image once. What is wrong with an image's own schema is thrown, naming the machine.
SchemaFindings complete_assembly(Assembly& assembly, const ImageSchemas& schemas);

}  // namespace assembler
