// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/qmp/qmp_framer.h"

#include "tests/support/catch.h"

using hvruntime::QmpFramer;

TEST_CASE("a message that comes byte by byte is whole at its line end", "[hvruntime][qmp]") {
    QmpFramer framer;
    const std::string text = "{\"event\": \"STOP\"}\r\n";
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        framer.feed(text.substr(i, 1));
        CHECK_FALSE(framer.next());
    }
    framer.feed("\n");
    CHECK(framer.next().value()["event"] == "STOP");
    CHECK_FALSE(framer.next());
}

TEST_CASE("several messages in one read come out one by one, none is lost", "[hvruntime][qmp]") {
    QmpFramer framer;
    framer.feed("{\"a\":1}\n{\"a\":2}\r\n\r\n{\"a\":3}\n{\"a\"");
    CHECK(framer.next().value()["a"] == 1);
    CHECK(framer.next().value()["a"] == 2);
    CHECK(framer.next().value()["a"] == 3);
    CHECK_FALSE(framer.next());
    framer.feed(":4}\n");
    CHECK(framer.next().value()["a"] == 4);
}

TEST_CASE("a line that is no JSON object is an error and is skipped", "[hvruntime][qmp]") {
    QmpFramer framer;
    framer.feed("garbage\n[1]\n{\"a\":1}\n");
    CHECK(tests::error_of([&] { framer.next(); }).kind() == base::ErrorKind::invalid_input);
    CHECK(tests::error_of([&] { framer.next(); }).kind() == base::ErrorKind::invalid_input);
    CHECK(framer.next().value()["a"] == 1);
}

TEST_CASE("a line without end is not kept for ever", "[hvruntime][qmp]") {
    QmpFramer framer;
    const std::string piece(std::size_t{1} << 20U, 'x');
    for (int i = 0; i < 16; ++i) {
        framer.feed(piece);
    }
    CHECK(tests::error_of([&] { framer.feed("x"); }).kind() == base::ErrorKind::invalid_input);
}
