// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/lens/traced_text.h"

#include "tests/support/catch.h"

using assembler::plugin::SourcePosition;
using assembler::plugin::TracedText;

TEST_CASE("traced text knows where its bytes were written", "[assembler][introspect][plugin]") {
    const TracedText file("host = 'db.internal';\n", {3, 0});
    const TracedText value = file.part(8, 11);
    CHECK(value.text() == "db.internal");
    CHECK(value.position() == SourcePosition{3, 8});
    CHECK(value.part(3, 8).position() == SourcePosition{3, 11});
    CHECK(file.part(4, 3).trimmed().text() == "=");
    CHECK(file.part(4, 3).trimmed().position() == SourcePosition{3, 5});
    CHECK(file.part(100, 5).empty());
}

TEST_CASE("joined text has places where its pieces have them", "[assembler][introspect][plugin]") {
    const TracedText first("http://", {1, 10});
    const TracedText second("db:5432", {2, 40});
    TracedText url;
    url.append(first);
    url.append(second, 0, 2);
    url.append_made_up(":");
    url.append(second, 3, 4);
    CHECK(url.text() == "http://db:5432");
    CHECK_FALSE(url.position());
    CHECK(url.part(7, 2).position() == SourcePosition{2, 40});
    CHECK(url.part(10, 4).position() == SourcePosition{2, 43});
    CHECK_FALSE(url.part(9, 1).position());
    CHECK_FALSE(url.part(7, 4).position());
    CHECK(url.position_at(0) == SourcePosition{1, 10});
    CHECK_FALSE(TracedText::made_up("x").position_at(0));
    CHECK_FALSE(TracedText().position());

    TracedText again;  // pieces that follow each other are one again
    again.append(second, 0, 3);
    again.append(second, 3, 4);
    CHECK(again.position() == SourcePosition{2, 40});
}
