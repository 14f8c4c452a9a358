// SPDX-License-Identifier: Apache-2.0
// What a verb may print to, passed in so that tests call run_x() directly and read what it said.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <string_view>

#include "base/exit_code.h"
#include "base/json.h"
#include "base/printable.h"

namespace base::cli {

struct Io {
    std::ostream& out;  // results only
    std::ostream& err;  // diagnostics and hints
    bool json = false;
    bool quiet = false;
    bool debug = false;
    bool err_is_terminal = false;  // progress bars are drawn only then
    bool color = false;
    bool json_errors = false;  // errors as JSON whatever the results are
    std::string pool;  // --pool: where the daemon listens; empty: MUSTER_POOL or the default
};

// Runs a verb and turns what it throws into "muster: error: …", a hint and the documented exit
// code. With io.json: one object {"type":"error","code","kind","message","hint"} on io.err.
int run_main(Io& io, const std::function<int()>& verb);
void print_error(Io& io, const Error& error);
Json error_to_json(const Error& error);
// The other way: throws the Error (or CommandError) that error_to_json() described.
[[noreturn]] void throw_error(const Json& object);
// For what verbs print: see base/printable.h.
using base::printable;
using base::printable_line;

}  // namespace base::cli
