// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/customize/registry/reg_file.h"

#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/customize/operations.h"
#include "imagebuilder/customize/registry/merge_registry.h"
#include "tests/support/catch.h"

namespace {

using namespace imagebuilder;

constexpr const char* kHeader = "Windows Registry Editor Version 5.00\r\n\r\n";

std::vector<RegistryKey> parse(const std::string& text) {
    return parse_reg_file(kHeader + text, "a.reg");
}

std::string message_of(const std::string& text) {
    try {
        parse_reg_file(text, "a.reg");
    } catch (const base::Error& error) {
        CHECK((error.kind() == base::ErrorKind::invalid_input ||
               error.kind() == base::ErrorKind::unsupported));
        return error.message();
    }
    FAIL("it was taken: " << text);
    return "";
}

std::string message_of_value(const std::string& line) {
    return message_of(kHeader + std::string("[HKEY_LOCAL_MACHINE\\SOFTWARE\\A]\r\n") + line +
                      "\r\n");
}

std::string as_utf16(const std::string& ascii, bool little) {
    std::string text = little ? "\xff\xfe" : "\xfe\xff";
    for (const char c : ascii) {
        text += little ? std::string{c, '\0'} : std::string{'\0', c};
    }
    return text;
}

}  // namespace

TEST_CASE("what Regedit exports is read", "[imagebuilder][customize]") {
    const auto keys = parse(
        "; a comment\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Example\\Agent]\r\n"
        "\"Server\"=\"C:\\\\a \\\"b\\\"\"\r\n@=\"x\"\r\n\"Count\"=dword:0000000a\r\n"
        "\"Blob\"=hex:01,02,\\\r\n  ff\r\n\"Path\"=hex(2):25,00,00,00\r\n\"Gone\"=-\r\n\r\n"
        "[-HKLM\\SYSTEM\\CurrentControlSet\\Services\\Old]\r\n");
    REQUIRE(keys.size() == 2);
    CHECK(keys[0].hive == "SOFTWARE");
    CHECK(keys[0].path == std::vector<std::string>{"Example", "Agent"});
    REQUIRE(keys[0].values.size() == 6);
    CHECK(keys[0].values[0].bytes == std::string("C\0:\0\\\0a\0 \0\"\0b\0\"\0\0\0", 18));
    CHECK(keys[0].values[1].name.empty());
    CHECK(keys[0].values[2].type == 4);
    CHECK(keys[0].values[2].bytes == std::string("\x0a\0\0\0", 4));
    CHECK(keys[0].values[3].bytes == "\x01\x02\xff");
    CHECK(keys[0].values[4].type == 2);
    CHECK(keys[0].values[5].remove);
    CHECK(keys[1].remove);
    CHECK(keys[1].hive == "SYSTEM");
}

TEST_CASE("texts of a registry keep every character", "[imagebuilder][customize]") {
    const auto keys =
        parse("[HKLM\\SOFTWARE\\A]\n\"t\"=\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"\n");
    CHECK(keys[0].values[0].bytes == std::string("\xe4\0\xac\x20\x3d\xd8\x00\xde\0\0", 10));
    const std::string text = std::string(kHeader) + "[HKCR\\.txt]\r\n\"a\"=\"b\"\r\n";
    for (const bool little : {true, false}) {
        const auto same = parse_reg_file(as_utf16(text, little), "a.reg");
        REQUIRE(same.size() == 1);
        CHECK(same[0].path == std::vector<std::string>{"Classes", ".txt"});
    }
    CHECK(parse_reg_file("\xef\xbb\xbf" + text, "a.reg").size() == 1);
}

TEST_CASE("a broken registry file is named with its line", "[imagebuilder][customize]") {
    CHECK(message_of("[HKLM\\SOFTWARE]\n").find("a.reg:1: the first line") == 0);
    CHECK(message_of(kHeader).find("a.reg has no keys") == 0);
    CHECK(message_of_value("\"a\"=dword:123456789").find("a.reg:4: a number") == 0);
    CHECK(message_of_value("\"a\"=hex:1,zz").find("'z' is no hex digit") != std::string::npos);
    CHECK(message_of_value("\"a\"=hex:123").find("two digits") != std::string::npos);
    CHECK(message_of_value("\"a=1").find("closing quote") != std::string::npos);
    CHECK(message_of_value("\"a\"").find("no '='") != std::string::npos);
    CHECK(message_of_value("\"a\"=\"b\" c").find("follows a text") != std::string::npos);
    CHECK(message_of_value("a=b").find("no value") != std::string::npos);
    CHECK(message_of_value("\"a\"=\"\xff\"").find("not UTF-8") != std::string::npos);
    CHECK(message_of_value("[HKLM\\SOFTWARE").find("no ']'") != std::string::npos);
    CHECK(message_of_value("[HKLM\\SOFTWARE\\\\a]").find("empty name") != std::string::npos);
    CHECK(message_of_value("[-HKLM\\SOFTWARE]").find("whole hive") != std::string::npos);
    CHECK(message_of_value("[HKEY_CURRENT_USER\\a]").find("HKEY_CURRENT_USER\\a") !=
          std::string::npos);
    CHECK(message_of_value("[HKEY_LOCAL_MACHINE\\HARDWARE\\a]").find("are not merged") !=
          std::string::npos);
    CHECK(message_of(as_utf16("x", true).substr(0, 3)).find("half a character") !=
          std::string::npos);
    CHECK(message_of(std::string("\xff\xfe\x00\xd8\x41\x00", 6)).find("broken UTF-16") !=
          std::string::npos);
    CHECK(message_of(std::string("a\0b", 3)).find("not UTF-8") != std::string::npos);
}

TEST_CASE("a hive gets its own keys, parents first", "[imagebuilder][customize]") {
    const auto keys = parse(
        "[HKLM\\SYSTEM\\CurrentControlSet\\Services\\A]\n\"s\"=dword:00000002\n\n"
        "[HKLM\\SOFTWARE\\B]\n@=\"\"\n[HKLM\\SYSTEM\\currentcontrolset\\Services\\C \\D]\n"
        "\"a\\\\b\\\"\"=-\n[-HKLM\\SYSTEM\\ControlSet001\\Services\\A]\n[HKLM\\SYSTEM]\n");
    CHECK(hives_of(keys) == std::vector<std::string>{"SYSTEM", "SOFTWARE"});
    CHECK(hive_changes(keys, "SYSTEM", "ControlSet002") ==
          "Windows Registry Editor Version 5.00\n\n[\\ControlSet002]\n\n[\\ControlSet002\\Services]"
          "\n\n[\\ControlSet002\\Services\\A]\n\"s\"=hex(4):02,00,00,00\n\n"
          "[\\ControlSet002\\Services\\C ]\n\n[\\ControlSet002\\Services\\C "
          "\\D]\n\"a\\\\b\\\"\"=-\n\n"
          "[-\\ControlSet001\\Services\\A]\n\n[\\]\n\n");
    CHECK(hive_changes(keys, "SOFTWARE", "") ==
          "Windows Registry Editor Version 5.00\n\n[\\B]\n@=hex(1):00,00\n\n");
}

TEST_CASE("a hive whose log has more is left alone", "[imagebuilder][customize]") {
    std::string head("regf\x02\0\0\0\x02\0\0\0", 12);
    head.resize(4096);
    CHECK(state_of_hive(head) == HiveState::clean);
    head[4] = '\x03';
    CHECK(state_of_hive(head) == HiveState::dirty);
    CHECK(state_of_hive(head.substr(0, 100)) == HiveState::damaged);
    head[0] = 'x';
    CHECK(state_of_hive(head) == HiveState::damaged);
}

TEST_CASE("a registry is merged alone", "[imagebuilder][customize]") {
    const base::TempDir dir;
    const std::string file = (dir.path() / "a.reg").string();
    base::write_file(file, std::string(kHeader) + "[HKLM\\SOFTWARE\\A]\n");
    CHECK(plan_operations({{"registry-merge", file}}).registry.size() == 1);
    CHECK_THROWS_AS(plan_operations({{"registry-merge", file}, {"mkdir", "/a"}}), base::Error);
    CHECK_THROWS_AS(plan_operations({{"registry-merge", file + ".not"}}), base::Error);
}
