// SPDX-License-Identifier: Apache-2.0
#include "base/cli/io.h"

#include "tests/support/catch.h"

using base::cli::printable;

TEST_CASE("untrusted text cannot steer a terminal", "[base][io][hostile]") {
    CHECK(printable("plain, ümläut, 漢字, 🙂\n\ttab") ==
          "plain, ümläut, 漢字, 🙂\n\ttab");
    CHECK(printable("a\x1b[2Jb\r\x07\x7f") == "a\\x1b[2Jb\\x0d\\x07\\x7f");
    CHECK(printable(std::string("a\0b", 3)) == "a\\x00b");
    CHECK(printable("\xc2\x9b"
                    "2J") == "\\u009b2J");  // CSI as a C1 control
    CHECK(printable("\xe2\x80\xae"
                    "cod.exe") == "\\u202ecod.exe");  // right-to-left override
    CHECK(base::cli::printable_line("a\nb\tc\r") == "a b c\\x0d");
}

TEST_CASE("bytes that are no UTF-8 are shown as numbers", "[base][io][hostile]") {
    CHECK(printable("\xff") == "\\xff");
    CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");           // overlong
    CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // surrogate
    CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
    CHECK(printable("\xe2\x82") == "\\xe2\\x82");  // cut off
    CHECK(printable("\xe2z") == "\\xe2z");
}
