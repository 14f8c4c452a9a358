// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/connect/match_connections.h"

#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/connect/sample_facts.h"

using namespace assembler;

namespace {

const Connection* connection_from(const ConnectionMap& map, const std::string& machine,
                                  const std::string& name) {
    for (const Connection& connection : map.connections) {
        if (connection.from.machine == machine && connection.from.name == name) {
            return &connection;
        }
    }
    return nullptr;
}

}  // namespace

TEST_CASE("outputs are joined to the inputs of the machines that own their hosts",
          "[assembler][connect]") {
    const ConnectionMap map = match_connections(tests::shop_facts());
    REQUIRE(map.connections.size() == 2);
    const Connection* to_db = connection_from(map, "app", "db");
    REQUIRE(to_db != nullptr);
    CHECK(to_db->to == Endpoint{"db", "postgresql", "postgresql"});
    CHECK(to_db->confidence == 1.0);
    CHECK(to_db->output_evidence.line == 2);
    CHECK(to_db->input_evidence.file == "/etc/postgresql/15/main/postgresql.conf");
    CHECK_FALSE(to_db->generic);
    const Connection* to_app = connection_from(map, "web", "app");
    REQUIRE(to_app != nullptr);
    CHECK(to_app->to == Endpoint{"app", "shop", "http"});
    CHECK(map.remarks.empty());
}

TEST_CASE("what leads out of the set is external, with the properties that say where to",
          "[assembler][connect]") {
    const ConnectionMap map = match_connections(tests::shop_facts());
    REQUIRE(map.externals.size() == 1);
    CHECK(map.externals[0].from == Endpoint{"app", "shop", "smtp"});
    CHECK(map.externals[0].host == "mail.example.org");
    CHECK(map.externals[0].port == 25);
    CHECK(map.externals[0].properties == std::vector<std::string>{"smtp.host", "smtp.port"});
}

TEST_CASE("inputs that nobody in the set uses are what users may come for",
          "[assembler][connect]") {
    std::vector<MachineFacts> machines = tests::shop_facts();
    machines[0].components.push_back(tests::component("sshd", "/etc/ssh/sshd_config"));
    machines[0].components.back().inputs = {tests::input("ssh", "0.0.0.0", 22, {}),
                                            tests::input("debug", "127.0.0.1", 6000, {})};
    const ConnectionMap map = match_connections(machines);
    REQUIRE(map.open_inputs.size() == 2);
    CHECK(map.open_inputs[0].input == Endpoint{"web", "nginx", "http"});
    CHECK(map.open_inputs[1].input.name == "ssh");
}

TEST_CASE("a machine without an input on the port gets a generic one, less surely",
          "[assembler][connect]") {
    std::vector<MachineFacts> machines = tests::shop_facts();
    machines[0].components.clear();
    const ConnectionMap map = match_connections(machines);
    const Connection* to_db = connection_from(map, "app", "db");
    REQUIRE(to_db != nullptr);
    CHECK(to_db->generic);
    CHECK(to_db->to == Endpoint{"db", "", kGenericInput});
    CHECK(to_db->confidence == 0.5);
}

TEST_CASE("of several inputs on a port the one of the same protocol is taken",
          "[assembler][connect]") {
    std::vector<MachineFacts> machines = tests::shop_facts();
    Component other = tests::component("apache", "/etc/apache2/ports.conf");
    other.inputs.push_back(tests::input("https", "0.0.0.0", 8080, {}));
    machines[1].components.insert(machines[1].components.begin(), other);
    const ConnectionMap map = match_connections(machines);
    CHECK(connection_from(map, "web", "app")->to.component == "shop");
    CHECK(protocol_fit("http", "https") < 1.0);
    CHECK(protocol_fit("http", "https") > protocol_fit("http", "mysql"));
    CHECK(protocol_fit("tcp", "mysql") > protocol_fit("http", "mysql"));
}

TEST_CASE("localhost and unix sockets stay in the machine", "[assembler][connect]") {
    std::vector<MachineFacts> machines = tests::shop_facts();
    Component& shop = machines[1].components[0];
    shop.outputs = {tests::output("cache", "redis", "localhost", 6379, {}),
                    tests::output("php", "fastcgi", "/run/php.sock", 0, {})};
    Component redis = tests::component("redis", "/etc/redis/redis.conf");
    redis.inputs = {tests::input("redis", "127.0.0.1", 6379, {}),
                    tests::input("fastcgi", "/run/php.sock", 0, {})};
    machines[1].components.push_back(redis);
    const ConnectionMap map = match_connections(machines);
    CHECK(connection_from(map, "app", "cache")->inner);
    CHECK(connection_from(map, "app", "cache")->to.component == "redis");
    CHECK(connection_from(map, "app", "php")->to.name == "fastcgi");
    CHECK(map.externals.empty());
}

TEST_CASE("an input on localhost is no good end for another machine's output",
          "[assembler][connect]") {
    std::vector<MachineFacts> machines = tests::shop_facts();
    machines[0].components[0].inputs[0].address = "127.0.0.1";
    const ConnectionMap map = match_connections(machines);
    CHECK(connection_from(map, "app", "db")->confidence < 0.5);
    REQUIRE(map.remarks.size() == 1);
    CHECK(map.remarks[0].text.find("listens on 127.0.0.1 only") != std::string::npos);
}

TEST_CASE("a name that two machines share is ambiguous, unless one of them listens",
          "[assembler][connect]") {
    std::vector<MachineFacts> machines = tests::shop_facts();
    machines[0].interfaces[0].addresses = {"10.0.5.20/24"};
    const ConnectionMap by_port = match_connections(machines);
    CHECK(connection_from(by_port, "web", "app")->to.machine == "app");
    CHECK(connection_from(by_port, "web", "app")->confidence == 1.0);
    machines[0].components[0].inputs.push_back(tests::input("http", "0.0.0.0", 8080, {}));
    const ConnectionMap both = match_connections(machines);
    CHECK(connection_from(both, "web", "app")->confidence == 0.5);
    CHECK(both.remarks.size() == 2);
}

TEST_CASE("services of a compose file find each other inside of it", "[assembler][connect]") {
    std::vector<MachineFacts> machines = tests::shop_facts();
    Component api = tests::component("docker-compose", "/srv/shop/compose.yaml");
    api.name = "shop-api";
    api.outputs.push_back(tests::output("db", "postgresql", "db", 5432, {}));
    api.outputs[0].local_component = "shop-db";
    Component inner_db = tests::component("docker-compose", "/srv/shop/compose.yaml");
    inner_db.name = "shop-db";
    inner_db.inputs.push_back(tests::input("postgresql", "", 5432, {}));
    machines[2].components.push_back(api);
    machines[2].components.push_back(inner_db);
    const ConnectionMap map = match_connections(machines);
    CHECK(connection_from(map, "web", "db")->inner);
    CHECK(connection_from(map, "web", "db")->to.component == "shop-db");
}

TEST_CASE("any of an input's addresses can be the one that is asked for", "[assembler][connect]") {
    std::vector<MachineFacts> machines = tests::shop_facts();
    Input& postgres = machines[0].components[0].inputs[0];
    postgres.address = "127.0.0.1";
    postgres.other_addresses = {"10.0.5.30"};
    const ConnectionMap map = match_connections(machines);
    CHECK(connection_from(map, "app", "db")->confidence == 1.0);
    CHECK(map.remarks.empty());
}

TEST_CASE("what does not start with its machine neither connects nor listens",
          "[assembler][connect]") {
    std::vector<MachineFacts> machines = tests::shop_facts();
    machines[1].components[0].enabled = false;
    const ConnectionMap map = match_connections(machines);
    CHECK(connection_from(map, "app", "db") == nullptr);
    CHECK(map.externals.empty());
    REQUIRE(connection_from(map, "web", "app") != nullptr);
    CHECK(connection_from(map, "web", "app")->generic);
}

TEST_CASE("a member of a cluster does not connect to itself", "[assembler][connect]") {
    std::vector<MachineFacts> machines = tests::shop_facts();
    for (const char* member : {"10.0.5.30", "10.0.5.20"}) {
        machines[0].components[0].outputs.push_back(
            tests::output(member, "postgresql", member, 5432, {}));
    }
    const ConnectionMap map = match_connections(machines);
    CHECK(connection_from(map, "db", "10.0.5.30") == nullptr);
    CHECK(connection_from(map, "db", "10.0.5.20") != nullptr);
}

TEST_CASE("a shared address means the machine of the highest priority", "[assembler][connect]") {
    std::vector<MachineFacts> machines = tests::shop_facts();
    machines[1].components[0].outputs[0].host = "10.0.5.100";
    machines[0].shared_addresses.push_back({"10.0.5.100", 150, {}});
    machines[2].shared_addresses.push_back({"10.0.5.100", 100, {}});
    const ConnectionMap map = match_connections(machines);
    REQUIRE(connection_from(map, "app", "db") != nullptr);
    CHECK(connection_from(map, "app", "db")->to.machine == machines[0].name);
    CHECK(map.remarks.empty());
    CHECK(map.externals.size() == 1);
}
