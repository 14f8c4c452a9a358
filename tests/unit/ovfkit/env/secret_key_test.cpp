// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/env/secret_key.h"

#include "tests/support/catch.h"

TEST_CASE("keys of passwords, tokens and user data are secret", "[ovfkit][env]") {
    for (const char* key : {"password", "db.password", "ROOT_PASSWD", "api-key", "app.secret.1",
                            "user-data", "com.oracle.linux.root-password", "auth_token"}) {
        INFO(key);
        CHECK(ovfkit::is_secret_key(key));
    }
    for (const char* key : {"hostname", "title", "public-keys", "instance-id", "port", ""}) {
        INFO(key);
        CHECK_FALSE(ovfkit::is_secret_key(key));
    }
}
