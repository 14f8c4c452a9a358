// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "base/log.h"

namespace base {

namespace {

constexpr std::array<std::pair<ErrorKind, std::string_view>, 11> kKindNames{{
    {ErrorKind::internal, "internal"},
    {ErrorKind::usage, "usage"},
    {ErrorKind::not_found, "not_found"},
    {ErrorKind::invalid_input, "invalid_input"},
    {ErrorKind::unsupported, "unsupported"},
    {ErrorKind::environment, "environment"},
    {ErrorKind::conflict, "conflict"},
    {ErrorKind::timeout, "timeout"},
    {ErrorKind::external, "external"},
    {ErrorKind::partial, "partial"},
    {ErrorKind::interrupted, "interrupted"},
}};

ErrorKind kind_of_errno(int error_number) {
    switch (error_number) {
        case ENOENT: return ErrorKind::not_found;
        case EEXIST: return ErrorKind::conflict;
        case EADDRINUSE: return ErrorKind::conflict;
        case ETIMEDOUT: return ErrorKind::timeout;
        default: return ErrorKind::environment;
    }
}

std::string hint_of_errno(int error_number) {
    if (error_number == ENOSPC || error_number == EDQUOT) {
        return "free some space on that file system and try again";
    }
    return "";
}

}  // namespace

std::string_view to_string(ErrorKind kind) {
    for (const auto& [candidate, name] : kKindNames) {
        if (candidate == kind) {
            return name;
        }
    }
    unreachable("error kind without a name");
}

std::optional<ErrorKind> find_error_kind(std::string_view name) {
    for (const auto& [kind, candidate] : kKindNames) {
        if (candidate == name) {
            return kind;
        }
    }
    return std::nullopt;
}

Error::Error(ErrorKind kind, std::string message, std::string hint)
    : kind_(kind), message_(std::move(message)), hint_(std::move(hint)) {
}

void Error::add_context(std::string_view context) {
    message_.insert(0, fmt::format("{}: ", context));
}

SystemError::SystemError(int error_number, std::string_view what, std::string hint)
    : Error(kind_of_errno(error_number), fmt::format("{}: {}", what, std::strerror(error_number)),
            hint.empty() ? hint_of_errno(error_number) : std::move(hint)),
      error_number_(error_number) {
}

CommandError::CommandError(std::string command_line, int status, std::string stderr_tail,
                           std::string_view what)
    : Error(ErrorKind::external, std::string(what)),
      command_line_(std::move(command_line)),
      stderr_tail_(std::move(stderr_tail)),
      status_(status) {
}

void log_guarded_failure(std::string_view name, const char* what) noexcept {
    try {
        log(LogLevel::warn, name, "{}", what);
    } catch (...) {  // NOLINT(bugprone-empty-catch): nothing is left to tell it to
    }
}

void unreachable(std::string_view what) {
    std::fprintf(stderr, "muster: bug: %.*s\n", static_cast<int>(what.size()), what.data());
    std::abort();
}

}  // namespace base
