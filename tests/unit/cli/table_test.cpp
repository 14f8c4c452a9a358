// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <sstream>

#include "tests/support/catch.h"

TEST_CASE("columns are as wide as their widest cell, lines have no trailing blanks",
          "[cli][table]") {
    cli::Table table({"NAME", "N"});
    CHECK(table.empty());
    table.add_row({"a", "1"});
    table.add_row({"longer name", ""});
    table.add_row({"\xc3\xa4\xc3\xb6\xc3\xbc", "3"});
    CHECK_FALSE(table.empty());
    std::ostringstream out;
    table.print(out);
    CHECK(out.str() ==
          "NAME         N\n"
          "a            1\n"
          "longer name\n"
          "\xc3\xa4\xc3\xb6\xc3\xbc          3\n");
}

TEST_CASE("a cell cannot write to the terminal", "[cli][table]") {
    cli::Table table({"A"});
    table.add_row({"x\x1b[2J\ny\tz"});
    std::ostringstream out;
    table.print(out);
    CHECK(out.str() == "A\nx\\x1b[2J y z\n");
}

TEST_CASE("lengths of time have one unit", "[cli][table]") {
    CHECK(cli::format_seconds(-1) == "0.0 s");
    CHECK(cli::format_seconds(2.46) == "2.5 s");
    CHECK(cli::format_seconds(45) == "45 s");
    CHECK(cli::format_seconds(180) == "3 min");
    CHECK(cli::format_seconds(5 * 3600) == "5 h");
    CHECK(cli::format_seconds(5 * 86400) == "5 d");
    CHECK(cli::format_time_ms(0) == "-");
    CHECK(cli::format_time_ms(1'000'000'000'000).size() == 19);
}
