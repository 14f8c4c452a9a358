// SPDX-License-Identifier: Apache-2.0
// `muster lint` without the command line: everything that is wrong with a package or descriptor for
// the targets it is meant for, and nothing thrown for it. Only what keeps the bytes from being read
// (no such file, a network that fails) is thrown.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/stream.h"
#include "ovfkit/lint/finding.h"
#include "ovfkit/lint/package_view.h"

namespace ovfkit::lint {

struct LintReport {
    std::string source;       // what was given: "shop.ova"
    bool is_package = false;  // else a bare descriptor
    bool is_archive = false;  // of packages: not a folder
    std::string prefix;       // in front of a finding's file: "shop.ova/", "folder/" or ""
    std::string descriptor;   // the member's name; empty: there is none
    std::vector<Finding> findings;

    std::size_t count(Level level) const;
};

// A descriptor alone.
LintReport lint_descriptor(std::string_view text, const std::string& name, TargetSet targets);
// bytes done, and the total (0: unknown)
using LintProgress = std::function<void(std::uint64_t, std::uint64_t)>;
// A package, read to its end.
LintReport lint_package(base::ByteSource& source, TargetSet targets,
                        const LintProgress& progress = nullptr);
// Whichever of the two stands there: a path, "-" for standard input, or a URL.
LintReport lint_location(const std::string& location, TargetSet targets,
                         const LintProgress& progress = nullptr);

}  // namespace ovfkit::lint
