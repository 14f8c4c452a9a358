// SPDX-License-Identifier: Apache-2.0
// The one error type of muster: a kind (which decides the exit code), a chain of contexts, a hint
// for the user. Messages are lower-case clauses naming the object, without a full stop; the hint
// says what the user can do.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace base {

enum class ErrorKind {
    internal,
    usage,
    not_found,
    invalid_input,
    unsupported,
    environment,
    conflict,
    timeout,
    external,
    partial,
    interrupted,
};

// "invalid_input" and so on: the name used in --json errors and in stored job records.
std::string_view to_string(ErrorKind kind);
std::optional<ErrorKind> find_error_kind(std::string_view name);

class Error : public std::exception {
  public:
    Error(ErrorKind kind, std::string message, std::string hint = "");

    ErrorKind kind() const { return kind_; }
    const std::string& message() const { return message_; }  // contexts first, outermost leftmost
    const std::string& hint() const { return hint_; }
    void add_context(std::string_view context);  // prepends "context: "
    void set_hint(std::string hint) { hint_ = std::move(hint); }
    const char* what() const noexcept override { return message_.c_str(); }

  private:
    ErrorKind kind_;
    std::string message_;
    std::string hint_;
};

// A failed system call. The kind follows errno: ENOENT not_found, EEXIST conflict, else
// environment.
class SystemError : public Error {
  public:
    SystemError(int error_number, std::string_view what, std::string hint = "");
    int error_number() const { return error_number_; }

  private:
    int error_number_;
};

// A program that ran and failed: the command as the user would type it, and the end of what it
// said.
class CommandError : public Error {
  public:
    CommandError(std::string command_line, int status, std::string stderr_tail,
                 std::string_view what);
    const std::string& command_line() const { return command_line_; }
    const std::string& stderr_tail() const { return stderr_tail_; }
    int status() const { return status_; }

  private:
    std::string command_line_;
    std::string stderr_tail_;
    int status_;
};

// Runs fn; an Error that leaves it gets "context: " in front.
template <typename Fn>
auto in_context(std::string_view context, Fn&& fn) -> decltype(fn()) {
    try {
        return std::forward<Fn>(fn)();
    } catch (Error& error) {
        error.add_context(context);
        throw;
    }
}

// The edge of a thread body, C callback or destructor: whatever fn throws is logged as a warning
// under `name`. Returns false if something was thrown.
template <typename Fn>
bool guarded(std::string_view name, Fn&& fn) noexcept;
void log_guarded_failure(std::string_view name, const char* what) noexcept;

template <typename Fn>
bool guarded(std::string_view name, Fn&& fn) noexcept {
    try {
        std::forward<Fn>(fn)();
        return true;
    } catch (const std::exception& error) {
        log_guarded_failure(name, error.what());
    } catch (...) {
        log_guarded_failure(name, "unknown exception");
    }
    return false;
}

// Marks a place that only a bug of ours can reach.
[[noreturn]] void unreachable(std::string_view what);

}  // namespace base
