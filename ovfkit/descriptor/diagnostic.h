// SPDX-License-Identifier: Apache-2.0
// A finding about a descriptor: how bad, where, a stable code for programs, and a sentence for
// people. Validators return all of them; an error means that the descriptor must not be used.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "ovfkit/xml/place.h"

namespace ovfkit {

enum class Severity {
    note,         // read, but not honoured
    warning,      // odd, and read all the same
    error,        // wrong
    unsupported,  // not wrong, but a part that must be understood is not
};

std::string_view to_string(Severity severity);

struct Diagnostic {
    Severity severity = Severity::error;
    Place place;
    std::string code;  // "duplicate-id", "unknown-file", …
    std::string text;  // "disk 'sys' refers to unknown file 'f1'"

    bool operator==(const Diagnostic&) const = default;
};

using Diagnostics = std::vector<Diagnostic>;

bool has_errors(const Diagnostics& diagnostics);
// "shop.ovf:3:5: disk 'sys' refers to unknown file 'f1'"
std::string format_diagnostic(const Diagnostic& diagnostic, std::string_view name);
// One Error naming the first errors of the list and counting the rest: unsupported when nothing is
// worse than that, else invalid_input.
base::Error error_of_diagnostics(const Diagnostics& diagnostics, std::string_view name);

}  // namespace ovfkit
