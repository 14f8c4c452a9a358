// SPDX-License-Identifier: Apache-2.0
// README.md promises the exit codes: its table and the program must agree.
#include "base/exit_code.h"

#include <map>
#include <regex>
#include <sstream>

#include "base/file.h"
#include "tests/support/catch.h"

namespace {

// Kind to code, out of "| 4 | invalid_input | malformed … |".
std::map<std::string, int> documented_codes() {
    std::istringstream lines(base::read_file(MUSTER_SOURCE_DIR "/README.md"));
    const std::regex row(R"(\| (\d+) \| (\w*) ?\| .*)");
    std::map<std::string, int> codes;
    bool here = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("## ")) {
            here = line == "## Exit codes";
        }
        std::smatch match;
        if (here && std::regex_match(line, match, row)) {
            codes[match[2]] = std::stoi(match[1]);
        }
    }
    return codes;
}

}  // namespace

TEST_CASE("each kind of error has the exit code that README.md names", "[base][exit-code]") {
    auto documented = documented_codes();
    REQUIRE(documented.contains(""));
    CHECK(documented[""] == static_cast<int>(base::ExitCode::ok));
    documented.erase("");

    std::map<std::string, int> actual;
    // Every kind: one that is added has to be in the table too.
    for (int i = 0; i <= static_cast<int>(base::ErrorKind::interrupted); ++i) {
        const auto kind = static_cast<base::ErrorKind>(i);
        actual[std::string(base::to_string(kind))] = static_cast<int>(base::exit_code_of(kind));
        CHECK(base::find_error_kind(base::to_string(kind)) == kind);
    }
    CHECK(actual == documented);
}
