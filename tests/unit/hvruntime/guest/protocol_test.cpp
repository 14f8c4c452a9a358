// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/protocol.h"

#include "tests/support/catch.h"

namespace {

using namespace hvruntime;

template <typename T>
T round_trip(const T& message) {
    const std::string line = to_line(message);
    REQUIRE(line.back() == '\n');
    REQUIRE(line.find('\n') == line.size() - 1);
    return std::get<T>(parse_message(std::string_view(line).substr(0, line.size() - 1)));
}

TEST_CASE("a hello survives the wire", "[hvruntime][guest]") {
    const Hello hello = round_trip(
        Hello{.side = Side::guest, .session = "f3\"a9", .version = "0.1.0", .boot = "b-1"});
    CHECK(hello.protocol == 1);
    CHECK(hello.side == Side::guest);
    CHECK(hello.session == "f3\"a9");
    CHECK(hello.version == "0.1.0");
    CHECK(hello.boot == "b-1");
}

TEST_CASE("what is said of freezing looks as documented", "[hvruntime][guest]") {
    CHECK(to_line(FreezeMessage{.seq = 4,
                                .note = {.step = FreezeStep::freeze, .id = 7, .hold_ms = 10000}}) ==
          "{\"type\":\"freeze\",\"seq\":4,\"id\":7,\"hold\":10000}\n");
    CHECK(to_line(FreezeMessage{.seq = 5, .note = {.step = FreezeStep::thaw, .id = 7}}) ==
          "{\"type\":\"thaw\",\"seq\":5,\"id\":7}\n");
    const FreezeNote frozen =
        round_trip(FreezeMessage{.seq = 6,
                                 .note = {.step = FreezeStep::frozen, .id = 7, .error = "a \"b\""}})
            .note;
    CHECK(frozen.step == FreezeStep::frozen);
    CHECK(frozen.error == "a \"b\"");
    const FreezeMessage thawed = round_trip(FreezeMessage{
        .seq = 7, .note = {.step = FreezeStep::thawed, .id = 7, .count = 3, .late = true}});
    CHECK(thawed.seq == 7);
    CHECK(thawed.note.count == 3);
    CHECK(thawed.note.late);
    CHECK(round_trip(Hello{.side = Side::guest, .session = "s", .freezes = true}).freezes);
    CHECK_FALSE(round_trip(Hello{.side = Side::guest, .session = "s"}).freezes);
    for (const char* line :
         {R"({"type":"freeze","seq":1,"id":1})", R"({"type":"thaw","seq":1,"id":-1})",
          R"({"type":"frozen","seq":1,"id":1,"count":"2"})",
          R"({"type":"thawed","id":1,"count":1})",
          R"({"type":"frozen","seq":1,"id":1,"count":1,"error":7})"}) {
        CAPTURE(line);
        CHECK(tests::error_of([&] { parse_message(line); }).kind() ==
              base::ErrorKind::invalid_input);
    }
}

TEST_CASE("a batch is one message and looks as documented", "[hvruntime][guest]") {
    const KeysMessage message{
        .seq = 5,
        .keys = {
            {.key = "db.host", .version = {.value = "10.84.0.10", .revision = 17}},
            {.key = "db.password", .version = {.value = "x\ny", .revision = 17, .secret = true}},
            {.key = "old", .version = {.revision = 17, .deleted = true}},
            {.key = "x", .forgotten = true}}};
    CHECK(to_line(message) ==
          R"({"type":"set","seq":5,"rev":17,"set":{"db.host":"10.84.0.10","db.password":"x\ny"},)"
          R"("secret":["db.password"],"delete":["old"],"forget":["x"]})"
          "\n");
    const KeysMessage back = round_trip(message);
    CHECK(back.seq == 5);
    REQUIRE(back.keys.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(back.keys[i].key == message.keys[i].key);
        CHECK(back.keys[i].version == message.keys[i].version);
        CHECK(back.keys[i].forgotten == message.keys[i].forgotten);
    }
}

TEST_CASE("a snapshot keeps each key's revision", "[hvruntime][guest]") {
    const KeysMessage back = round_trip(
        KeysMessage{.seq = 1,
                    .snapshot = true,
                    .more = true,
                    .keys = {{.key = "a", .version = {.value = "1", .revision = 3}},
                             {.key = "b", .version = {.revision = 9, .deleted = true}}}});
    CHECK(back.snapshot);
    CHECK(back.more);
    REQUIRE(back.keys.size() == 2);
    CHECK(back.keys[0].version.revision == 3);
    CHECK(back.keys[1].version.revision == 9);
    CHECK(round_trip(KeysMessage{.seq = 2, .snapshot = true}).keys.empty());
}

TEST_CASE("any value that is allowed fits into a line and comes back", "[hvruntime][guest]") {
    for (const std::string& value :
         {std::string(kMaxValueBytes, '"'), std::string(kMaxValueBytes, '\n'),
          std::string("\"&<>\n\t\r\\/ \xF0\x9F\x98\x80 \xE2\x80\xA8"), std::string()}) {
        const std::vector<RemoteKey> keys{
            {.key = std::string(kMaxKeyBytes, '"'), .version = {.value = value, .revision = 1}}};
        const auto messages = make_keys_messages(keys, false, 1);
        REQUIRE(messages.size() == 1);
        CHECK(to_line(messages[0]).size() <= kMaxLineBytes);
        CHECK(round_trip(messages[0]).keys.at(0).version.value == value);
    }
}

TEST_CASE("a thousand keys are one message, ten thousand bytes each are several",
          "[hvruntime][guest]") {
    std::vector<RemoteKey> keys;
    for (int i = 0; i < 1000; ++i) {
        keys.push_back({.key = "com.example.key." + std::to_string(i),
                        .version = {.value = std::string(80, 'v'), .revision = 4}});
    }
    CHECK(make_keys_messages(keys, false, 1).size() == 1);
    for (RemoteKey& key : keys) {
        key.version.value = std::string(10'000, 'v');
    }
    const auto messages = make_keys_messages(keys, true, 8);
    REQUIRE(messages.size() > 30);
    std::size_t count = 0;
    for (std::size_t i = 0; i < messages.size(); ++i) {
        CHECK(messages[i].seq == 8 + i);
        CHECK(messages[i].snapshot);
        CHECK(messages[i].more == (i + 1 < messages.size()));
        CHECK(to_line(messages[i]).size() <= kMaxLineBytes);
        count += messages[i].keys.size();
    }
    CHECK(count == keys.size());
}

TEST_CASE("what is not a message is an error, what is unknown is not", "[hvruntime][guest]") {
    for (const char* bad : {"",
                            "{",
                            "[]",
                            "3",
                            "\"x\"",
                            "{}",
                            R"({"type":3})",
                            R"({"type":"set"})",
                            R"({"type":"set","seq":-1,"rev":1})",
                            R"({"type":"set","seq":1,"set":{"a":"b"}})",
                            R"({"type":"set","seq":1,"rev":1,"set":{"a":1}})",
                            R"({"type":"set","seq":1,"rev":1,"set":["a"]})",
                            R"({"type":"set","seq":1,"revs":{},"set":{"a":"1"}})",
                            R"({"type":"set","seq":1,"rev":1,"delete":"a"})",
                            R"({"type":"set","seq":1,"rev":1,"secret":[1]})",
                            R"({"type":"set","seq":1,"rev":1,"more":1})",
                            R"({"type":"hello","protocol":1})",
                            R"({"type":"hello","protocol":"1","side":"host"})",
                            R"({"type":"event","seq":1,"id":1,"time":1,"text":""})",
                            "{\"type\":\"ping\",\"seq\":1}x",
                            "{\"type\":\"\xff\"}"}) {
        INFO(bad);
        CHECK(tests::error_of([&] { parse_message(bad); }).kind() ==
              base::ErrorKind::invalid_input);
    }
    const Message message = parse_message(R"({"type":"future","seq":3,"x":[{}]})");
    CHECK(std::get<UnknownMessage>(message).seq == 3);
    CHECK_NOTHROW(parse_message(R"({"type":"ping","seq":1,"new":{"field":true}})"));
}

TEST_CASE("a deeply nested line is no trouble", "[hvruntime][guest]") {
    CHECK_THROWS(parse_message(std::string(kMaxLineBytes, '[')));
    const std::string nested =
        R"({"type":"x","y":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
    CHECK(std::get<UnknownMessage>(parse_message(nested)).type == "x");
}

TEST_CASE("lines come out whole however the bytes come in", "[hvruntime][guest]") {
    const std::string text = "\n{\"a\":1}\n\n{\"b\":2}\n{\"c\"";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        LineReader reader;
        std::vector<std::string> lines;
        for (std::size_t at = 0; at < text.size(); at += piece) {
            for (std::string& line : reader.feed(std::string_view(text).substr(at, piece))) {
                lines.push_back(std::move(line));
            }
        }
        CHECK(lines == std::vector<std::string>{"{\"a\":1}", "{\"b\":2}"});
        CHECK(reader.feed(":3}\n") == std::vector<std::string>{"{\"c\":3}"});
    }
}

TEST_CASE("a line past the limit is skipped and the next one is read", "[hvruntime][guest]") {
    LineReader reader;
    CHECK(reader.feed(std::string(kMaxLineBytes - 1, 'x')).empty());
    CHECK(reader.feed("\n").size() == 1);
    CHECK(reader.oversize_lines() == 0);
    CHECK(reader.feed(std::string(kMaxLineBytes, 'x')).empty());
    CHECK(reader.feed(std::string(3 * kMaxLineBytes, 'x')).empty());
    CHECK(reader.feed("end\nnext\n") == std::vector<std::string>{"next"});
    CHECK(reader.oversize_lines() == 1);
}

}  // namespace
