// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/text.h"

#include "tests/support/catch.h"

using namespace assembler::introspect;

TEST_CASE("keys and values know their sections, lines and columns", "[assembler][introspect]") {
    const auto entries = parse_ini(
        "; note\n[Service]\r\nExecStart=/bin/a \\\n  # not this\n  --b\n\nUser = web\nnonsense\n"
        "[Install\nWantedBy=\n");
    REQUIRE(entries.size() == 3);
    CHECK(entries[0].section == "Service");
    CHECK(entries[0].value == "/bin/a --b");
    CHECK(entries[0].line == 3);
    CHECK(entries[0].column == 0);  // of two lines
    CHECK(entries[1].key == "User");
    CHECK(entries[1].value == "web");
    CHECK(entries[1].line == 7);
    CHECK(entries[1].column == 8);
    CHECK(entries[2].key == "WantedBy");
    CHECK(entries[2].value.empty());
}

TEST_CASE("a shell's words keep what is quoted together", "[assembler][introspect]") {
    CHECK(shell_words(R"(a "b c" 'd "e' f\ g "" h"i)") ==
          std::vector<std::string>{"a", "b c", "d \"e", "f g", "", "hi"});
    CHECK(shell_words("   ").empty());
    CHECK(shell_words("\\") == std::vector<std::string>{"\\"});
}

TEST_CASE("a star stops at a slash and two stars do not", "[assembler][introspect]") {
    CHECK(matches_pattern("/etc/ssh/ssh_host_rsa_key", "/etc/ssh/ssh_host_*_key"));
    CHECK_FALSE(matches_pattern("/etc/ssh/ssh_host_a/b_key", "/etc/ssh/ssh_host_*_key"));
    CHECK(matches_pattern("/etc/a/b/c.dpkg-old", "/etc/**.dpkg-old"));
    CHECK(matches_pattern("/a/xb/xc", "**/x*"));
    CHECK(matches_pattern("/a/x/b", "**x**"));
    CHECK_FALSE(matches_pattern("/etc/a", "/etc/a/*"));
    CHECK(matches_pattern("", "**"));
    const std::string many(4000, 'a');
    CHECK_FALSE(matches_pattern(many, "**a**a**a**a**a**a**a**b"));
}

TEST_CASE("versions are compared by their numbers", "[assembler][introspect]") {
    CHECK(is_older("6.1.0-9-amd64", "6.1.0-13-amd64"));
    CHECK_FALSE(is_older("6.1.0-13-amd64", "6.1.0-9-amd64"));
    CHECK(is_older("", "1"));
    CHECK_FALSE(is_older("1.02", "1.2"));
    CHECK_FALSE(is_older("1.2", "1.02"));
}
