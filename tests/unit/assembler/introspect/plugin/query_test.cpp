// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/query/query.h"

#include "assembler/introspect/plugin/lens/lens.h"
#include "assembler/introspect/plugin/query/glob.h"
#include "base/error.h"
#include "tests/support/catch.h"
#include "tests/support/memory_tree.h"

using namespace assembler::plugin;

namespace {

// The values that the path selects in nginx text below the source "config".
std::string selected(const std::string& path,
                     const std::string& text =
                         "http { server { listen 80; listen 443 ssl; name a; }\n"
                         "server { listen 81; name b; deep { x 1; } } }\n"
                         "app_port 5; App_PORT 6; list a,b c;\n") {
    ConfigTree tree;
    const NodeId source = tree.add(ConfigTree::kRoot, "config", std::nullopt);
    std::vector<LensProblem> problems;
    read_with_lens({LensKind::nginx}, TracedText(text, {0, 0}), tree, source, problems);
    std::string values;
    for (const TracedText& value : query_values(tree, parse_query(path), ConfigTree::kRoot)) {
        values += (values.empty() ? "" : " ") + value.text();
    }
    return values;
}

std::string star_of(const std::string& path) {
    ConfigTree tree;
    const NodeId source = tree.add(ConfigTree::kRoot, "config", std::nullopt);
    for (const char* name : {"DB_HOST", "DB_PORT", "worker.a.host"}) {
        tree.add_value(tree.add(source, name, std::nullopt), TracedText::made_up("mod_x.c"));
    }
    std::string stars;
    for (const QueryMatch& match : run_query(tree, parse_query(path), ConfigTree::kRoot)) {
        stars += (stars.empty() ? "" : " ") + match.star;
    }
    return stars;
}

}  // namespace

TEST_CASE("paths select nodes and their values", "[assembler][introspect][query]") {
    CHECK(selected("config:http/server/listen") == "80 443 81");
    CHECK(selected("config:http/server/listen/2") == "ssl");
    CHECK(selected("config:http/server/listen/#") == "80 443 ssl 81");
    CHECK(selected("config:**/listen") == "80 443 81");
    CHECK(selected("config:**/x") == "1");
    CHECK(selected("config:**/**/listen") == "80 443 81");
    CHECK(selected("config:*_port|nothing") == "5");
    CHECK(selected("other|config:app_port") == "5");
    CHECK(selected("config:**/listen/../name") == "a b");
    CHECK(selected("other:**/listen") == "");
}

TEST_CASE("predicates choose among nodes", "[assembler][introspect][query]") {
    CHECK(selected("config:**/listen[#=ssl]") == "443");
    CHECK(selected("config:**/listen[#!=ssl]") == "80 81");
    CHECK(selected("config:**/listen[1~8*]") == "80 81");
    CHECK(selected("config:**/listen[1!~8*]") == "443");
    CHECK(selected("config:**/listen[2]") == "443");
    CHECK(selected("config:**/server[deep]/name") == "b");
    CHECK(selected("config:**/server[!deep]/name") == "a");
    CHECK(selected("config:**/server[deep/x=1][name=b]/listen") == "81");
    CHECK(selected("config:**/listen[../name=b]") == "81");
    CHECK(selected("config:**/name[1 in config:**/name]") == "a b");
    CHECK(selected("config:**/name[1 in config:list]") == "");
    CHECK(selected("config:list[1 has b]") == "a,b");
    CHECK(selected("config:list[# has c]") == "a,b");
    CHECK(selected("config:list[1 has a,b]") == "");
}

TEST_CASE("what a star stood for is kept", "[assembler][introspect][query]") {
    CHECK(star_of("config:*_HOST") == "DB");
    CHECK(star_of("config:worker.*.host") == "a");
    CHECK(star_of("config:DB_HOST[1~mod_*.c]") == "x");
    CHECK(star_of("config:*_HOST[1~mod_*.c]") == "DB");
    CHECK(match_glob("a*b*c", "aXbYc") == "X");
    CHECK(match_glob("*", "") == "");
    CHECK_FALSE(match_glob("a*b*b", "ab"));
    CHECK(match_glob("*a*", std::string(100000, 'a')).has_value());
}

TEST_CASE("paths that are none are refused", "[assembler][introspect][query]") {
    for (const char* path : {"", "config:a//b", "config:a[b", "config:a[b]c", "a/0"}) {
        CAPTURE(path);
        CHECK(tests::error_of([&] { parse_query(path); }).kind() == base::ErrorKind::invalid_input);
    }
}

TEST_CASE("looking through a tree has an end", "[assembler][introspect][query]") {
    std::string text;
    for (int i = 0; i < 30000; ++i) {
        text += "listen 80;";
    }
    const auto error =
        tests::error_of([&] { selected("config:listen[1 in config:listen]", text); });
    CHECK(error.message() == "settings take too long to look through");
}

TEST_CASE("files are found by patterns", "[assembler][introspect][query]") {
    tests::MemoryTree tree;
    tree.file("/etc/app/a.conf", "").file("/etc/app/b.conf", "").file("/etc/app/.hidden.conf", "");
    tree.folder("/etc/app/c.conf")
        .link("/etc/app/d.conf", "a.conf")
        .link("/etc/app/e.conf", "none");
    tree.file("/u01/x/y/domains/shop/config/config.xml", "");
    const auto names = [&](const char* pattern) {
        std::string found;
        for (const FoundFile& file : find_files(tree, pattern)) {
            found += (found.empty() ? "" : " ") + file.path;
        }
        return found;
    };
    CHECK(names("/etc/app/*.conf") == "/etc/app/a.conf /etc/app/b.conf /etc/app/d.conf");
    CHECK(names("/etc/*/a.conf") == "/etc/app/a.conf");
    CHECK(names("/etc/app/c.conf") == "");
    CHECK(names("/u01/**/domains/*/config/config.xml") ==
          "/u01/x/y/domains/shop/config/config.xml");
    CHECK(find_files(tree, "/*/app/*.conf")[0].stars == std::vector<std::string>{"etc", "a"});

    for (int i = 0; i < 30000; ++i) {
        tree.file("/big/" + std::to_string(i) + "/x", "");
    }
    bool cut = false;
    find_files(tree, "/big/*/*", &cut);
    CHECK(cut);
}
