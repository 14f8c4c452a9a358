// SPDX-License-Identifier: Apache-2.0
#include "deployer/jobs/specs.h"

#include "base/random.h"
#include "tests/support/catch.h"
#include "tests/unit/deployer/guestbook_envelope.h"

namespace {

deployer::Deployment make_deployment(const std::string& name) {
    const auto generate = [](std::size_t length) { return std::string(length, 's'); };
    deployer::Deployment deployment{.name = name, .instance = "0123abcd"};
    deployment.plan =
        deployer::plan_deployment(tests::guestbook_envelope(), {.name = name}, generate);
    return deployment;
}

}  // namespace

TEST_CASE("a network's switch knows its machines and the names of the others",
          "[deployer][specs]") {
    const auto deployment = make_deployment("blue");
    const auto spec = deployer::switch_spec_of(deployment, deployment.plan.networks[0]);
    hvruntime::validate_switch_spec(spec);
    CHECK(spec.isolated);
    CHECK(spec.domains == std::vector<std::string>{"blue", "guestbook"});
    REQUIRE(spec.hosts.size() == 2);
    CHECK(spec.hosts[0].name == "db");
    CHECK(spec.ports.size() == 2);
    REQUIRE(spec.dns_records.size() == 1);
    CHECK(spec.dns_records[0].name == "web");
}

TEST_CASE("a machine is started by the firmware of its plan", "[deployer][specs]") {
    auto deployment = make_deployment("guestbook");
    deployment.plan.machines[0].firmware = "efi";
    for (auto& machine : deployment.plan.machines) {
        machine.disks.clear();
        machine.nics.clear();
    }
    const auto firmware_of = [&](std::size_t i) {
        return deployer::machine_spec_of(deployment, deployment.plan.machines[i], {}, {}).firmware;
    };
    CHECK(firmware_of(0) == hvruntime::Firmware::efi);
    CHECK(firmware_of(1) == hvruntime::Firmware::bios);
}

TEST_CASE("two deployments of one assembly share no ids", "[deployer][specs]") {
    CHECK(deployer::machine_id_of("a", "db") != deployer::machine_id_of("b", "db"));
    CHECK(deployer::network_id_of("a", "back") != deployer::network_id_of("b", "back"));
    CHECK(deployer::network_id_of("a", "db") != deployer::machine_id_of("a", "db"));
}

TEST_CASE("the environment holds the machine's own values and no other's password",
          "[deployer][specs]") {
    const auto deployment = make_deployment("guestbook");
    const auto& app = deployer::require_machine(deployment.plan, "app");
    const auto environment = deployer::environment_of(deployment, app);
    CHECK(ovfkit::find_value(environment, "db.host") == "10.84.0.10");
    CHECK(ovfkit::find_value(environment, "instance-id") == "guestbook-app-0123abcd");
    CHECK(ovfkit::find_value(environment, "hostname") == "app");
    for (const auto& sibling : environment.siblings) {
        for (const auto& property : sibling.properties) {
            CHECK(property.key != "password");
        }
    }
}

TEST_CASE("the guest is told one gateway, on its open network", "[deployer][specs]") {
    const auto deployment = make_deployment("guestbook");
    const auto settings = base::parse_json(
        deployer::guest_settings_of(deployment, deployer::require_machine(deployment.plan, "app")),
        "settings");
    REQUIRE(settings.at("interfaces").size() == 2);
    CHECK_FALSE(settings.at("interfaces")[0].contains("gateway"));
    CHECK(settings.at("interfaces")[0].at("address") == "10.84.0.11/24");
    CHECK(settings.at("interfaces")[1].at("gateway") == "10.84.1.1");
    CHECK(settings.at("dns")[0] == "10.84.1.3");
}

TEST_CASE("the record of a deployment survives its JSON form", "[deployer][record]") {
    auto deployment = make_deployment("guestbook");
    deployment.published = {{"http", 8080}};
    deployment.images = {{"db-disk1.vmdk", "ab"}};
    CHECK(to_json(deployer::deployment_of_json(to_json(deployment))) == to_json(deployment));
}
