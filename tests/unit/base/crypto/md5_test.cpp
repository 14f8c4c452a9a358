// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/md5.h"

#include "tests/support/catch.h"

TEST_CASE("MD5 of the examples of RFC 1321", "[base][crypto]") {
    CHECK(base::md5_hex("") == "d41d8cd98f00b204e9800998ecf8427e");
    CHECK(base::md5_hex("message digest") == "f96b697d7cb7938d525a2f31aaf161d0");
}
