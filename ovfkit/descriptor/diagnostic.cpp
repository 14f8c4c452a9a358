// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/diagnostic.h"

#include <algorithm>

#include <fmt/format.h>

namespace ovfkit {

namespace {

constexpr std::size_t kShown = 5;

bool is_bad(const Diagnostic& diagnostic) {
    return diagnostic.severity >= Severity::error;
}

}  // namespace

std::string_view to_string(Severity severity) {
    switch (severity) {
        case Severity::note: return "note";
        case Severity::warning: return "warning";
        case Severity::error: return "error";
        case Severity::unsupported: return "unsupported";
    }
    base::unreachable("severity without a name");
}

bool has_errors(const Diagnostics& diagnostics) {
    return std::any_of(diagnostics.begin(), diagnostics.end(), is_bad);
}

std::string format_diagnostic(const Diagnostic& diagnostic, std::string_view name) {
    if (diagnostic.place.line == 0) {
        return fmt::format("{}: {}", name, diagnostic.text);
    }
    return fmt::format("{}:{}:{}: {}", name, diagnostic.place.line, diagnostic.place.column,
                       diagnostic.text);
}

base::Error error_of_diagnostics(const Diagnostics& diagnostics, std::string_view name) {
    std::string message;
    std::size_t count = 0;
    bool invalid = false;
    for (const Diagnostic& diagnostic : diagnostics) {
        if (!is_bad(diagnostic)) {
            continue;
        }
        invalid = invalid || diagnostic.severity == Severity::error;
        if (++count <= kShown) {
            message += (count > 1 ? "; " : "") + format_diagnostic(diagnostic, name);
        }
    }
    if (count > kShown) {
        message += fmt::format("; and {} more", count - kShown);
    }
    return base::Error(invalid ? base::ErrorKind::invalid_input : base::ErrorKind::unsupported,
                       std::move(message));
}

}  // namespace ovfkit
