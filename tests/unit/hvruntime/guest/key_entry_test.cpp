// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/key_entry.h"

#include "tests/support/catch.h"

namespace {

using hvruntime::check_key;
using hvruntime::check_value;

TEST_CASE("keys are short names without white space", "[hvruntime][guest]") {
    CHECK_NOTHROW(check_key("com.oracle.linux.network.hostname"));
    CHECK_NOTHROW(check_key("größe/名"));
    CHECK_NOTHROW(check_key(std::string(256, 'k')));
    for (const std::string& bad :
         {std::string(), std::string(257, 'k'), std::string("a b"), std::string("a\nb"),
          std::string("--help"), std::string("a\0b", 3), std::string("\xff"),
          std::string("\x7f")}) {
        CHECK(tests::error_of([&] { check_key(bad); }).kind() == base::ErrorKind::invalid_input);
    }
}

TEST_CASE("values are text of at most 64 KiB", "[hvruntime][guest]") {
    CHECK_NOTHROW(check_value("k", ""));
    CHECK_NOTHROW(check_value("k", "\"&<>\n\t\r'\\ \xF0\x9F\x98\x80"));
    CHECK_NOTHROW(check_value("k", std::string(65536, 'v')));
    for (const std::string& bad :
         {std::string(65537, 'v'), std::string("\x01"), std::string("\0", 1),
          std::string("\xC0\xAF"), std::string("\xED\xA0\x80"), std::string("\xF4\x90\x80\x80"),
          std::string("cut \xE2\x82")}) {
        CHECK(tests::error_of([&] { check_value("k", bad); }).kind() ==
              base::ErrorKind::invalid_input);
    }
}

TEST_CASE("an error about a value names the key and not the value", "[hvruntime][guest]") {
    const base::Error error = tests::error_of([] { check_value("db.password", "hunter2\x01"); });
    CHECK(error.message().find("db.password") != std::string::npos);
    CHECK(error.message().find("hunter2") == std::string::npos);
}

TEST_CASE("a record survives being stored as text", "[hvruntime][guest]") {
    const hvruntime::KeyRecord record{
        .key = "k",
        .host = hvruntime::KeyVersion{.value = "a\"\n", .revision = 7, .secret = true},
        .guest = hvruntime::KeyVersion{.revision = 9, .deleted = true}};
    CHECK(hvruntime::parse_key_record("k", to_json_text(record)) == record);
    const hvruntime::KeyRecord empty{.key = "k"};
    CHECK(hvruntime::parse_key_record("k", to_json_text(empty)) == empty);
    for (const char* bad :
         {"", "[]1", R"({"host":{}})", R"({"host":3})", R"({"host":{"rev":-1}})"}) {
        CHECK(tests::error_of([&] { hvruntime::parse_key_record("k", bad); }).kind() ==
              base::ErrorKind::invalid_input);
    }
}

}  // namespace
