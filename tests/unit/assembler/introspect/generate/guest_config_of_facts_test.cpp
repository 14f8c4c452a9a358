// SPDX-License-Identifier: Apache-2.0
#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/generate/generated_shop.h"

using namespace assembler;

TEST_CASE("the guest's configuration puts keys in place of what was found",
          "[assembler][generate]") {
    const tests::GeneratedShop shop;
    const ovfkit::ConfigSchema web = shop.config("web");
    REQUIRE(web.files.size() == 1);
    CHECK(web.files[0].path == "/etc/nginx/conf.d/shop.conf");
    CHECK(web.files[0].owner == "root:shop");
    CHECK(web.files[0].permissions == 0640);
    CHECK(web.files[0].restart == std::vector<std::string>{"nginx.service"});
    REQUIRE(web.find_key("app.host") != nullptr);
    CHECK(web.find_key("app.host")->required);
    CHECK(shop.expand("web", "/etc/nginx/conf.d/shop.conf",
                      {{"app.host", "10.84.0.7"}, {"app.port", "8081"}}) ==
          "server {\n    listen 80;\n    location / {\n"
          "        proxy_pass http://10.84.0.7:8081;\n"
          "        proxy_set_header Host ${host};\n    }\n}\n");
}

TEST_CASE("the text of the guest's configuration reads back", "[assembler][generate]") {
    const tests::GeneratedShop shop;
    const auto texts = guest_config_of_facts(shop.machines, shop.wirings);
    REQUIRE(texts.size() == 3);
    CHECK(ovfkit::parse_config_schema(texts.at("app"), "introspected.json") == shop.config("app"));
}

TEST_CASE("names of /etc/hosts stay, and the file gives them the new address",
          "[assembler][generate]") {
    const tests::GeneratedShop shop(tests::shop_facts(), {{"app:/etc/hosts", tests::shop_hosts()}});
    CHECK(shop.expand("app", "/etc/hosts", {{"db.ip", "10.84.0.9"}}) ==
          "127.0.0.1 localhost\n127.0.1.1 app\n10.84.0.9 db.shop.lan db\n192.0.2.1 mirror\n");
    CHECK(shop.expand("app", "/etc/shop/shop.env",
                      {{"db.port", "5433"}, {"smtp.host", "mail.example.com"}}) ==
          "SHOP_PORT=8080\nSHOP_DB=postgresql://shop@db.shop.lan:5433/shop\n"
          "SHOP_SMTP=mail.example.com\n");
    const WiredKey* address = shop.wirings.at("app").find_key("db.ip");
    REQUIRE(address != nullptr);
    CHECK(address->value == "${db.ip.net}");
}

TEST_CASE("old addresses and subnets elsewhere in the files become new ones",
          "[assembler][generate]") {
    const tests::GeneratedShop shop;
    CHECK(shop.expand("db", "/etc/postgresql/15/main/postgresql.conf",
                      {{"db.ip", "10.84.0.9"}, {"postgresql.port", "5432"}}) ==
          "listen_addresses = '10.84.0.9'\nport = 5432\n");
    CHECK(shop.expand("db", "/etc/postgresql/15/main/pg_hba.conf",
                      {{"db.ip", "10.84.0.9"}, {"app.ip", "10.84.0.8"}}) ==
          "local all all peer\nhost shop shop 10.84.0.9/24 scram-sha-256\n"
          "host shop shop 10.84.0.8/32 scram-sha-256\n");
}

TEST_CASE("wider subnets become the deployment's, others stay", "[assembler][generate]") {
    const std::string hba = "/etc/postgresql/15/main/pg_hba.conf";
    const tests::GeneratedShop shop(tests::shop_facts(),
                                    {{"db:" + hba,
                                      "a 10.0.0.0/16\nb 10.0.5.16/28\nc 192.0.2.0/24\nd 0.0.0.0/0\n"
                                      "e 10.0.5.30/24\nf 10.0.5.0/240\ng x/24 10.0.5.0/24.\n"}});
    CHECK(shop.expand("db", hba, {{"db.ip", "10.84.0.9"}, {"app.ip", "10.84.0.8"}}) ==
          "a 10.84.0.9/16\nb 10.84.0.9/24\nc 192.0.2.0/24\nd 0.0.0.0/0\n"
          "e 10.84.0.9/24\nf 10.0.5.0/240\ng x/24 10.84.0.9/24.\n");
}

TEST_CASE("IPv6 addresses become the IPv4 ones of the deployment", "[assembler][generate]") {
    auto machines = tests::shop_facts();
    machines[1].interfaces[0].addresses = {"fd12:3456::20/64"};
    machines[2].interfaces[0].addresses = {"fd12:3456::10/64"};
    Component& nginx = machines[2].components[0];
    nginx.outputs[0].host = "fd12:3456::20";
    nginx.outputs[0].host_places = {{nginx.files[0], 2, 8, 13}};
    nginx.outputs[0].port_places.clear();
    const tests::GeneratedShop shop(machines,
                                    {{"web:" + nginx.files[0],
                                      "allow fd12:3456::/64;\nproxy [fd12:3456::20]:8080;\n"
                                      "listen [fd12:3456::10]:80;\n"}});
    CHECK(shop.wirings.at("web").find_key("app.host")->value == "${app.ip.net}");
    CHECK(
        shop.expand("web", nginx.files[0], {{"app.host", "10.84.0.8"}, {"web.ip", "10.84.0.7"}}) ==
        "allow 10.84.0.7/24;\nproxy 10.84.0.8:8080;\nlisten 10.84.0.7:80;\n");
}

TEST_CASE("a place that does not hold what was found stays, with a remark",
          "[assembler][generate]") {
    auto machines = tests::shop_facts();
    machines[2].components[0].outputs[0].host_places[0].column = 3;
    const tests::GeneratedShop shop(machines);
    REQUIRE(shop.wirings.at("web").remarks.size() == 1);
    CHECK(shop.wirings.at("web").remarks[0].text.find("line 4 does not hold it") !=
          std::string::npos);
    // The sweep finds the address all the same.
    CHECK(shop.expand("web", "/etc/nginx/conf.d/shop.conf",
                      {{"app.ip", "10.84.0.7"}, {"app.port", "8081"}})
              .find("http://10.84.0.7:8081;") != std::string::npos);
}

TEST_CASE("two values at one place: the first stays", "[assembler][generate]") {
    auto machines = tests::shop_facts();
    Component& nginx = machines[2].components[0];
    nginx.properties.push_back({.key = "host",
                                .value = "10.0.5",
                                .editable = true,
                                .places = {{nginx.files[0], 4, 27, 6}}});
    const tests::GeneratedShop shop(machines);
    REQUIRE(shop.wirings.at("web").remarks.size() == 1);
    CHECK(shop.wirings.at("web").remarks[0].text.find("another value") != std::string::npos);
}

TEST_CASE("what is no text is no template", "[assembler][generate]") {
    const std::string path = "/etc/nginx/conf.d/shop.conf";
    const tests::GeneratedShop shop(tests::shop_facts(),
                                    {{"web:" + path, tests::shop_text(path) + "\xFF"}});
    CHECK(shop.config("web").files.empty());
    CHECK(shop.wirings.at("web").remarks.size() == 2);  // host and port
}

namespace {

std::vector<MachineFacts> shop_with_password() {
    auto machines = tests::shop_facts();
    machines[1].components[0].outputs[0].host_places[0].column = 34;
    machines[1].components[0].outputs[0].port_places[0].column = 46;
    machines[1].secrets.push_back({"password in a connection URL",
                                   "",
                                   {"/etc/shop/shop.env", 2, 1.0},
                                   {"/etc/shop/shop.env", 2, 27, 6}});
    machines[1].secrets.push_back(
        {"private key", "", {"/etc/shop/tls.key", 0, 1.0}, {"/etc/shop/tls.key", 1, 1, 10}});
    return machines;
}

const std::map<std::string, std::string> kPasswordFile{
    {"app:/etc/shop/shop.env",
     "SHOP_PORT=8080\nSHOP_DB=postgresql://shop:s3cret@db.shop.lan:5432/shop\n"
     "SHOP_SMTP=mail.example.org\n"}};

}  // namespace

TEST_CASE("a secret is not copied out, its place is a password that has to be given",
          "[assembler][generate]") {
    const tests::GeneratedShop shop(shop_with_password(), kPasswordFile);
    const WiredKey* key = shop.wirings.at("app").find_key("shop.password");
    REQUIRE(key != nullptr);
    CHECK(key->required);
    for (const auto& [machine, text] : guest_config_of_facts(shop.machines, shop.wirings)) {
        CHECK(text.find("s3cret") == std::string::npos);
    }
    CHECK(shop.assembly().find("s3cret") == std::string::npos);
    CHECK_FALSE(holds_secrets(shop.wirings.at("app")));
}

TEST_CASE("when asked for, a secret stays in the image and can be replaced",
          "[assembler][generate]") {
    const tests::GeneratedShop shop(shop_with_password(), kPasswordFile, {.keep_secrets = true});
    REQUIRE(shop.config("app").find_key("shop.password") != nullptr);
    CHECK(shop.config("app").find_key("shop.password")->default_value == "s3cret");
    CHECK_FALSE(shop.config("app").find_key("shop.password")->required);
    CHECK(holds_secrets(shop.wirings.at("app")));
    CHECK(shop.assembly().find("s3cret") == std::string::npos);
}

TEST_CASE("the key of a host is nothing that a deployment replaces", "[assembler][generate]") {
    auto machines = shop_with_password();
    const std::string path = "/etc/ssh/ssh_host_rsa_key";
    machines[1].secrets = {{"ssh host key", "", {path, 1, 1.0}, {path, 1, 1, 5}}};
    const tests::GeneratedShop shop(machines, {{"app:" + path, "-----BEGIN\n"}},
                                    {.keep_secrets = true});
    CHECK_FALSE(shop.wirings.at("app").files.contains(path));
    CHECK_FALSE(holds_secrets(shop.wirings.at("app")));
}

TEST_CASE("a file with a secret that cannot be replaced is not copied out",
          "[assembler][generate]") {
    auto machines = shop_with_password();
    machines[1].secrets[0].what = "password hash";
    const tests::GeneratedShop shop(machines, kPasswordFile);
    CHECK(shop.config("app").files.empty());
    REQUIRE(shop.wirings.at("app").remarks.size() == 1);
    CHECK(shop.wirings.at("app").remarks[0].text.find("stays as it is") != std::string::npos);
}
