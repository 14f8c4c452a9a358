// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/secrets/secrets.h"

#include "assembler/introspect/system/secrets/secret_scan.h"
#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/system/read_text.h"

using namespace assembler;
using namespace assembler::introspect;
using tests::ReadText;

namespace {

std::vector<std::string> values_in(std::string_view text) {
    std::vector<std::string> values;
    for (const FoundSecret& found : scan_for_secrets(text)) {
        values.push_back(found.value);
    }
    return values;
}

using Values = std::vector<std::string>;

}  // namespace

TEST_CASE("passwords are found in settings of many forms", "[assembler][introspect]") {
    CHECK(values_in("db_password = s3cret\n") == Values{"s3cret"});
    CHECK(values_in("  password: \"a b c\"") == Values{"a b c"});
    CHECK(values_in(R"(  "clientSecret" : "abc-123",)") == Values{"abc-123"});
    CHECK(values_in("define( 'DB_PASSWORD', 'wp-pass' );") == Values{"wp-pass"});
    CHECK(values_in("<password>tom&amp;cat</password>") == Values{"tom&amp;cat"});
    CHECK(values_in("<user name='a' password='b1' roles='c'/>") == Values{"b1"});
    CHECK(values_in("requirepass mysecret") == Values{"mysecret"});
    CHECK(values_in("requirepass hunter2") == Values{"hunter2"});
    CHECK(values_in("SetEnv DB_PASSWORD hunter3") == Values{"hunter3"});
    CHECK(values_in("$cfg['smtp_pass'] = 'mail';") == Values{"mail"});
    CHECK(values_in("primary_conninfo = 'host=10.0.0.1 password=repl user=r'") == Values{"repl"});
    CHECK(values_in("spring.datasource.password=boot") == Values{"boot"});
}

TEST_CASE("URLs, hashes and keys of clouds are secrets", "[assembler][introspect]") {
    const auto found = scan_for_secrets("x\nURL=postgres://shop:s3c:ret@10.0.0.7:5432/shop\n");
    REQUIRE(found.size() == 1);
    CHECK(found[0].value == "s3c:ret");
    CHECK(found[0].line == 2);
    CHECK(found[0].column == 21);
    CHECK(found[0].length == 7);
    CHECK(values_in("redis://:only@cache:6379") == Values{"only"});
    CHECK(values_in("admin:$apr1$abcdefgh$0123456789012345678901\n") ==
          Values{"$apr1$abcdefgh$0123456789012345678901"});
    CHECK(values_in("key AKIAABCDEFGHIJKLMNOP here") == Values{"AKIAABCDEFGHIJKLMNOP"});
    const auto key = scan_for_secrets(
        "a\n-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\n");
    REQUIRE(key.size() == 1);
    CHECK(key[0].what == "private key");
    CHECK(key[0].line == 2);
    CHECK(key[0].value.ends_with("-----END RSA PRIVATE KEY-----"));
}

TEST_CASE("what only looks like a secret is none", "[assembler][introspect]") {
    for (const char* text : {"# password = commented",
                             "password_encryption = scram-sha-256",
                             "password =",
                             "password = ${DB_PASSWORD}",
                             "password: {{ vault }}",
                             "password = %(x)s",
                             "PasswordAuthentication yes",
                             "password requisite pam_unix.so",
                             "password=/run/secret",
                             "password = getpass()",
                             "ssl_key = /etc/ssl/key.pem",
                             "token: null",
                             "url=http://a@b/",
                             "http://10.0.0.1:8080/x@y",
                             "db_password=password",
                             "-----BEGIN CERTIFICATE-----",
                             "AKIA short",
                             "email: a:b@c",
                             "keys = 5",
                             "$6$",
                             "pass"}) {
        INFO(text);
        CHECK(values_in(text).empty());
    }
}

TEST_CASE("command lines and environments are masked", "[assembler][introspect]") {
    CHECK(masked("/bin/x --password hunter2 --db postgres://a:b@c/d") ==
          "/bin/x --password *** --db postgres://a:***@c/d");
    CHECK(masked("nothing here") == "nothing here");
    MachineFacts facts;
    facts.services.push_back({.unit = "a.service", .command_line = "x --token=abcdef"});
    facts.services[0].environment = {{.name = "DB_PASSWORD", .value = "p"},
                                     {.name = "DB", .value = "mysql://u:p@h"},
                                     {.name = "PORT", .value = "80"}};
    facts.jobs.push_back({.command = "PGPASSWORD=abc pg_dump"});
    facts.components.push_back({.properties = {{.key = "secret_key", .value = "v"}}});
    mask_secrets(facts);
    CHECK(facts.services[0].command_line == "x --token=***");
    CHECK(facts.services[0].environment[0].value == "***");
    CHECK(facts.services[0].environment[1].value == "mysql://u:***@h");
    CHECK(facts.services[0].environment[2].value == "80");
    CHECK(facts.jobs[0].command == "PGPASSWORD=*** pg_dump");
    CHECK(facts.components[0].properties[0].value == "***");
}

namespace {

constexpr const char* kKeeper =
    "=== /etc/shadow\nroot:*:1\nshop:$6$salt$hashhashhashhashhash:1\n"
    "=== /etc/ssh/ssh_host_rsa_key\n-----BEGIN OPENSSH PRIVATE KEY-----\nb3B\n"
    "-----END OPENSSH PRIVATE KEY-----\n"
    "=== /root/.pgpass\n# note\ndb:5432:*:shop:pg\n"
    "=== /root/.netrc\nmachine a login b password c3\n"
    "=== /var/www/app/.env\nAPI_TOKEN=abcdefgh\n"
    "=== /etc/app/db-password.txt\nhunter2\n"
    "=== /etc/app/keys.p12\nbinary\n"
    "=== /etc/app/b.conf -> a.conf\n=== /etc/app/a.conf\npassword=once\n";

}  // namespace

TEST_CASE("secrets of a machine are named by their places", "[assembler][introspect]") {
    ReadText machine(kKeeper);
    find_secrets(machine.reading, false);
    std::vector<std::string> lines;
    for (const SecretFact& secret : machine.facts.secrets) {
        CHECK(secret.value.empty());
        lines.push_back(secret.evidence.file + ":" + std::to_string(secret.evidence.line) + " " +
                        secret.what);
    }
    CHECK(lines == Values{"/etc/app/a.conf:1 password or key in a setting",
                          "/etc/app/db-password.txt:1 password in a file of its own",
                          "/etc/app/keys.p12:0 key store", "/etc/shadow:2 password hash of 'shop'",
                          "/etc/ssh/ssh_host_rsa_key:1 ssh host key",
                          "/root/.netrc:1 password of a login",
                          "/root/.pgpass:2 password of PostgreSQL",
                          "/var/www/app/.env:1 password or key in a setting"});
}

TEST_CASE("values of secrets are there when they are asked for", "[assembler][introspect]") {
    ReadText machine(kKeeper);
    find_secrets(machine.reading, true);
    REQUIRE(machine.facts.secrets.size() == 8);
    CHECK(machine.facts.secrets[0].value == "once");
    CHECK(machine.facts.secrets[3].value == "$6$salt$hashhashhashhashhash");
    CHECK(machine.facts.secrets[3].place.column == 6);
    CHECK(machine.facts.secrets[5].value == "c3");
    CHECK(machine.facts.secrets[6].value == "pg");
}
