// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/env/config/config_value.h"

#include "base/error.h"
#include "tests/support/catch.h"

using ovfkit::ConfigKey;
using ovfkit::ConfigType;
using ovfkit::find_config_fault;

namespace {

bool fits(ConfigType type, const std::string& value) {
    return !find_config_fault(ConfigKey{.name = "k", .type = type}, value);
}

}  // namespace

TEST_CASE("each type of key takes its values and no others", "[ovfkit][config]") {
    struct Row {
        ConfigType type;
        std::vector<std::string> good;
        std::vector<std::string> bad;
    };
    const std::vector<Row> rows{
        {ConfigType::string, {"", "Grüße \"x\"\t$"}, {"a\nb", std::string("a\0b", 3), "\x7f"}},
        {ConfigType::integer, {"0", "-7", "9223372036854775807"}, {"", "1.5", "+1", "9x", " 1"}},
        {ConfigType::boolean, {"true", "false"}, {"yes", "1", "True", ""}},
        {ConfigType::port, {"1", "80", "65535"}, {"0", "65536", "-1", "http", ""}},
        {ConfigType::host,
         {"db", "db.example.org.", "10.0.0.1", "fe80::1", "_srv.a"},
         {"", "-db", "a..b", "a b", "10.0.0.1/24", "a;b", std::string(64, 'a')}},
        {ConfigType::hosts, {"db", "10.0.0.1,10.0.0.2", "a, b  c"}, {"", " , ", "a;b", "a,b{"}},
        {ConfigType::ip, {"10.0.0.1", "::1"}, {"10.0.0", "db", "10.0.0.256", ""}},
        {ConfigType::url,
         {"http://a/b?c=d#e", "postgresql://u@db:5432/x"},
         {"http://", "a/b", "://x", "http:///x", "http://a b", "http://a\"", "1a://b"}},
        {ConfigType::email, {"a.b+c@example.org"}, {"a", "@b", "a@", "a b@c", "a@b c"}},
        {ConfigType::password, {"s3cret %'"}, {"a\nb"}},
        {ConfigType::size, {"64 MiB", "4096", "2G"}, {"", "MiB", "-1", "1 parsec"}},
        {ConfigType::duration, {"30 s", "500 ms", "2 h"}, {"", "s", "1 year"}},
    };
    for (const Row& row : rows) {
        for (const std::string& value : row.good) {
            INFO(to_string(row.type) << " " << value);
            CHECK(fits(row.type, value));
        }
        for (const std::string& value : row.bad) {
            INFO(to_string(row.type) << " " << value);
            CHECK_FALSE(fits(row.type, value));
        }
    }
}

TEST_CASE("limits are of the number, the amount or the characters", "[ovfkit][config]") {
    const auto fault = [](ConfigType type, std::int64_t low, std::int64_t high,
                          const std::string& value) {
        return find_config_fault({.name = "k", .type = type, .minimum = low, .maximum = high},
                                 value)
            .value_or("");
    };
    CHECK(fault(ConfigType::integer, -2, 5, "-3") == "is less than -2");
    CHECK(fault(ConfigType::port, 1024, 2048, "80") == "is less than 1024");
    CHECK(fault(ConfigType::port, 1024, 2048, "2048").empty());
    CHECK(fault(ConfigType::size, 0, 1 << 20, "2 MiB") == "is more than 1048576 bytes");
    CHECK(fault(ConfigType::duration, 1000, 2000, "1 ms") == "is less than 1000 ms");
    CHECK(fault(ConfigType::string, 2, 3, "ü") == "is shorter than 2 characters");
    CHECK(fault(ConfigType::password, 2, 3, "üüüü") == "is longer than 3 characters");
}

TEST_CASE("a pattern is for the whole value", "[ovfkit][config]") {
    const ConfigKey key{.name = "k", .pattern = "[a-z]+|[0-9]"};
    CHECK_FALSE(find_config_fault(key, "abc"));
    CHECK_FALSE(find_config_fault(key, "7"));
    CHECK(find_config_fault(key, "abc7") == "does not match [a-z]+|[0-9]");
    CHECK(find_config_fault({.name = "k", .values = {"a", "b"}}, "c") == "is not one of a, b");
}

TEST_CASE("a key that cannot be is told", "[ovfkit][config]") {
    using ovfkit::find_key_fault;
    CHECK(find_key_fault({.name = "k", .minimum = 3, .maximum = 2}) ==
          "its min is more than its max");
    CHECK(find_key_fault({.name = "k", .type = ConfigType::enumeration}) == "an enum needs values");
    CHECK(find_key_fault({.name = "k", .pattern = "["}) ==
          "its pattern is not an extended regular expression");
    CHECK(find_key_fault({.name = "k", .type = ConfigType::port, .default_value = "0"}) ==
          "its default is not a port (1 to 65535)");
    CHECK(find_key_fault({.name = "k", .type = ConfigType::ip, .values = {"x"}}) ==
          "its value 'x' is not an IP address");
    CHECK_FALSE(find_key_fault({.name = "k", .type = ConfigType::port, .default_value = "80"}));
}

TEST_CASE("an empty value is one only where a default can be emptied", "[ovfkit][config]") {
    CHECK(ovfkit::is_config_value({.name = "k", .default_value = "x"}, ""));
    CHECK_FALSE(ovfkit::is_config_value({.name = "k"}, ""));
    CHECK_FALSE(ovfkit::is_config_value({.name = "k", .type = ConfigType::password}, ""));
    CHECK(ovfkit::is_config_value({.name = "k"}, "x"));
}
