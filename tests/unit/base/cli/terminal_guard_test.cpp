// SPDX-License-Identifier: Apache-2.0
#include "base/cli/terminal_guard.h"

#include <sstream>

#include "tests/support/catch.h"

using base::cli::TerminalGuard;

TEST_CASE("what is printed to a terminal cannot steer it", "[base][io][hostile]") {
    std::ostringstream terminal;
    {
        TerminalGuard guard(terminal);
        terminal << "name: \x1b]0;owned\x07 " << 7 << '\x9b' << "\nplain ümläut\n" << std::flush;
        CHECK(terminal.str() == "name: \\x1b]0;owned\\x07 7\\x9b\nplain ümläut\n");
    }
    terminal << "\x1b";  // the guard is gone
    CHECK(terminal.str().ends_with("\n\x1b"));
}

TEST_CASE("a character that comes in pieces stays whole", "[base][io]") {
    std::ostringstream terminal;
    {
        TerminalGuard guard(terminal);
        for (const char byte : std::string_view("a漢🙂\xe2\x80\xae")) {
            terminal << byte << std::flush;
        }
        CHECK(terminal.str() == "a漢🙂\\u202e");
        terminal << "\xe6\xbc" << std::flush;  // never finished
        CHECK(terminal.str() == "a漢🙂\\u202e");
    }
    CHECK(terminal.str() == "a漢🙂\\u202e\\xe6\\xbc");
}

TEST_CASE("long output passes a guarded terminal unchanged", "[base][io]") {
    std::string text;
    for (int i = 0; i < 5000; ++i) {
        text += "漢字\n";
    }
    std::ostringstream terminal;
    {
        const TerminalGuard guard(terminal);
        terminal << text;
    }
    CHECK(terminal.str() == text);
}
