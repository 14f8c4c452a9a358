// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/env/config/config_template.h"

#include <map>

#include "base/error.h"
#include "tests/support/catch.h"

namespace {

std::optional<std::string> expand(const std::string& text,
                                  const std::map<std::string, std::string>& values) {
    return ovfkit::expand_config_template(
        ovfkit::parse_config_template(text), [&](const std::string& key) {
            const auto found = values.find(key);
            return found == values.end() ? std::nullopt : std::optional(found->second);
        });
}

}  // namespace

TEST_CASE("a template's keys become their values and the rest stays", "[ovfkit][config]") {
    CHECK(expand("listen ${http.port};\nlog $host $$ } {", {{"http.port", "80"}}) ==
          "listen 80;\nlog $host $$ } {");
    CHECK(expand("$${HOME} ${a}${a}", {{"a", "${b}"}}) == "${HOME} ${b}${b}");
    CHECK(expand("", {}) == "");
    CHECK_FALSE(expand("x ${a} ${b}", {{"a", "1"}}));
}

TEST_CASE("filters quote a value for what surrounds it", "[ovfkit][config]") {
    const std::map<std::string, std::string> values{
        {"v", "it's \"x\" $\\"}, {"list", "10.0.0.1,10.0.0.2  c"}, {"port", "8080"}};
    CHECK(expand("${v:quote-shell}", values) == "'it'\\''s \"x\" $\\'");
    CHECK(expand("${v:quote-json}", values) == "\"it's \\\"x\\\" $\\\\\"");
    CHECK(expand("${v:base64}", values) == "aXQncyAieCIgJFw=");
    CHECK(expand("${port:base64} ${a:base64} ${b:base64}",
                 {{"port", ""}, {"a", "M"}, {"b", "Man"}}) == " TQ== TWFu");
    CHECK(expand("server ${list:join \":${port}; server \"}:${port};", values) ==
          "server 10.0.0.1:8080; server 10.0.0.2:8080; server c:8080;");
    CHECK_FALSE(expand("${list:join \"${other}\"}", values));
}

TEST_CASE("the keys of a template are found in joins too", "[ovfkit][config]") {
    const auto parts = ovfkit::parse_config_template("$${no} ${a:base64} ${b:join \":${c}\"}");
    CHECK(ovfkit::keys_of(parts) == std::set<std::string>{"a", "b", "c"});
}

TEST_CASE("what is no template is told with its line", "[ovfkit][config]") {
    const auto message = [](const std::string& text) {
        const base::Error error = tests::error_of([&] { ovfkit::parse_config_template(text); });
        CHECK(error.kind() == base::ErrorKind::invalid_input);
        return error.message();
    };
    CHECK(message("a\nb ${c").find("line 2: a ${ has no }") == 0);
    CHECK(message("${c\n}").find("line 1: a ${ has no }") == 0);
    CHECK(message("${}").find("'' cannot be the name") != std::string::npos);
    CHECK(message("${a b}").find("'a b' cannot be the name") != std::string::npos);
    CHECK(message("${a:upper}").find("unknown filter 'upper'") != std::string::npos);
    CHECK(message("${a:join \"x}").find("the text of a join has no end") != std::string::npos);
    CHECK(message("${a:join \"x\" }").find("does not end with }") != std::string::npos);
}

TEST_CASE("an escaped text expands to itself", "[ovfkit][config]") {
    for (const std::string text : {"a ${b} $${c} $$ ${", "$", "", "${${"}) {
        CHECK(expand(ovfkit::escape_config_template(text), {}) == text);
    }
}
