// SPDX-License-Identifier: Apache-2.0
#include "base/cli/io.h"

#include <new>

namespace base::cli {

Json error_to_json(const Error& error) {
    Json object{{"type", "error"},
                {"code", static_cast<int>(exit_code_of(error.kind()))},
                {"kind", to_string(error.kind())},
                {"message", error.message()},
                {"hint", error.hint()}};
    if (const auto* command = dynamic_cast<const CommandError*>(&error)) {
        object["command"] = command->command_line();
        object["stderr"] = command->stderr_tail();
    }
    return object;
}

void throw_error(const Json& object) {
    const ErrorKind kind =
        find_error_kind(string_or(object, "kind", "")).value_or(ErrorKind::internal);
    const std::string message = string_or(object, "message", "an error without a message");
    const std::string hint = string_or(object, "hint", "");
    if (object.is_object() && object.contains("command")) {
        CommandError error(require_string(object, "command"), 0, string_or(object, "stderr", ""),
                           message);
        error.set_hint(hint);
        throw error;
    }
    throw Error(kind, message, hint);
}

void print_error(Io& io, const Error& error) {
    if (io.json || io.json_errors) {
        io.err << to_json_text(error_to_json(error)) << '\n';
        return;
    }
    io.err << "muster: error: " << printable(error.message()) << '\n';
    if (const auto* command = dynamic_cast<const CommandError*>(&error)) {
        io.err << "  command: " << printable(command->command_line()) << '\n';
        std::string_view tail = command->stderr_tail();
        constexpr std::size_t kTail = 4096;
        if (tail.size() > kTail) {
            tail = tail.substr(tail.size() - kTail);
        }
        if (!tail.empty()) {
            io.err << printable(tail) << (tail.ends_with('\n') ? "" : "\n");
        }
    }
    if (!error.hint().empty()) {
        io.err << "  hint: " << printable(error.hint()) << '\n';
    }
}

int run_main(Io& io, const std::function<int()>& verb) {
    try {
        return verb();
    } catch (const Error& error) {
        print_error(io, error);
        return static_cast<int>(exit_code_of(error.kind()));
    } catch (const std::bad_alloc&) {
        print_error(io, Error(ErrorKind::environment, "out of memory"));
        return static_cast<int>(ExitCode::environment);
    } catch (const std::exception& error) {
        print_error(io, Error(ErrorKind::internal, error.what(),
                              "this is a bug of muster: please report it with the command"));
        return static_cast<int>(ExitCode::internal);
    }
}

}  // namespace base::cli
