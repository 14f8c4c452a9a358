// SPDX-License-Identifier: Apache-2.0
// The exit codes that muster promises (README "Exit codes"). One function maps an error's kind to
// its code.
#pragma once

#include "base/error.h"

namespace base {

enum class ExitCode : int {
    ok = 0,
    internal = 1,
    usage = 2,
    not_found = 3,
    invalid_input = 4,
    unsupported = 5,
    environment = 6,
    conflict = 7,
    timeout = 8,
    external = 9,
    partial = 10,
    interrupted = 130,
};

constexpr ExitCode exit_code_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::internal: return ExitCode::internal;
        case ErrorKind::usage: return ExitCode::usage;
        case ErrorKind::not_found: return ExitCode::not_found;
        case ErrorKind::invalid_input: return ExitCode::invalid_input;
        case ErrorKind::unsupported: return ExitCode::unsupported;
        case ErrorKind::environment: return ExitCode::environment;
        case ErrorKind::conflict: return ExitCode::conflict;
        case ErrorKind::timeout: return ExitCode::timeout;
        case ErrorKind::external: return ExitCode::external;
        case ErrorKind::partial: return ExitCode::partial;
        case ErrorKind::interrupted: return ExitCode::interrupted;
    }
    return ExitCode::internal;
}

}  // namespace base
