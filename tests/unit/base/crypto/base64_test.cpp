// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/base64.h"

#include "tests/support/catch.h"

TEST_CASE("base64 gives the texts of RFC 4648 and reads them back", "[base][crypto]") {
    const std::vector<std::pair<std::string, std::string>> known{{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : known) {
        CHECK(base::to_base64(bytes) == text);
        CHECK(base::from_base64(text) == bytes);
    }
    const std::string zeros("\0\xff\0", 3);
    CHECK(base::from_base64(base::to_base64(zeros)) == zeros);
}

TEST_CASE("what is no base64 is refused", "[base][crypto]") {
    for (const char* text :
         {"Zg=", "Zg", "Z===", "====", "Zh==", "Zm 9v", " Zm9v", "Zm9v\n", "Zm9*"}) {
        CAPTURE(text);
        CHECK(base::from_base64(text) == std::nullopt);
    }
}
