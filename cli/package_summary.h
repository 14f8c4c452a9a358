// SPDX-License-Identifier: Apache-2.0
// What a package or descriptor holds, for people and as JSON. All text in it is a stranger's and is
// made harmless for the terminal; values of password properties are never shown.
#pragma once

#include <vector>

#include "assembler/evidence/package_evidence.h"
#include "base/cli/io.h"
#include "base/json.h"
#include "ovfkit/package/inspection.h"

namespace cli {

// What was checked and what came out, one line per check; and what evidence of its images is there.
void print_verdict(const ovfkit::PackageReport& report,
                   const std::vector<assembler::PackagedEvidence>& evidence, base::cli::Io& io);
// Throws the first failure of the report, counting the others.
void require_good(const ovfkit::PackageReport& report);

// `configuration`: whose values are shown; see ovfkit::default_configuration().
void print_inspection(const ovfkit::Inspection& inspection, const std::string& configuration,
                      base::cli::Io& io);
base::Json inspection_to_json(const ovfkit::Inspection& inspection,
                              const std::string& configuration);

}  // namespace cli
