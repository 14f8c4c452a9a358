// SPDX-License-Identifier: Apache-2.0
#include "deployer/plan/plan.h"

#include "tests/support/catch.h"
#include "tests/unit/deployer/guestbook_envelope.h"

using deployer::DeploymentPlan;
using deployer::DeployRequest;

namespace {

std::string fixed_password(std::size_t length) {
    return std::string(length, 'x');
}

DeploymentPlan plan(const ovfkit::Envelope& envelope, const DeployRequest& request = {}) {
    return deployer::plan_deployment(envelope, request, fixed_password);
}

std::string value_of(const DeploymentPlan& plan, const std::string& machine,
                     const std::string& key) {
    for (const auto& property : deployer::require_machine(plan, machine).properties) {
        if (property.key == key) {
            return property.value;
        }
    }
    FAIL("no property " << key);
    return "";
}

}  // namespace

TEST_CASE("values that refer to other machines are filled in", "[deployer][plan]") {
    const DeploymentPlan made = plan(tests::guestbook_envelope());
    CHECK(value_of(made, "app", "db.host") == "10.84.0.10");
    CHECK(value_of(made, "web", "upstream") == "10.84.1.10");
    CHECK(value_of(made, "app", "db.password") == value_of(made, "db", "password"));
    CHECK(value_of(made, "db", "password").size() == 24);
    CHECK(value_of(made, "web", "title") == "Hello");
}

namespace {

// The guestbook, with properties of the whole.
ovfkit::Envelope with_shared_properties() {
    auto envelope = tests::guestbook_envelope();
    auto& all = std::get<ovfkit::VirtualSystemCollection>(*envelope.content);
    using ovfkit::Property;
    all.products = {
        {.properties = {Property{.key = "domain",
                                 .value = "example.org",
                                 .has_value = true,
                                 .user_configurable = true},
                        Property{.key = "title", .value = "Of all", .has_value = true},
                        Property{.key = "token", .password = true, .generate_length = 8},
                        Property{.key = "database", .value_template = "${db.ip.back}"}}}};
    return envelope;
}

}  // namespace

TEST_CASE("machines get the properties of their collection", "[deployer][plan]") {
    const DeploymentPlan made = plan(with_shared_properties());
    for (const std::string machine : {"db", "app", "web"}) {
        CHECK(value_of(made, machine, "domain") == "example.org");
        CHECK(value_of(made, machine, "database") == "10.84.0.10");
    }
    CHECK(value_of(made, "db", "title") == "Of all");
    CHECK(value_of(made, "web", "title") == "Hello");  // its own is nearer
}

TEST_CASE("a value of the collection is set once, or for one machine", "[deployer][plan]") {
    const DeploymentPlan made =
        plan(with_shared_properties(),
             {.settings = {{"guestbook.domain", "a.example"}, {"web.domain", "b.example"}}});
    CHECK(value_of(made, "db", "domain") == "a.example");
    CHECK(value_of(made, "app", "domain") == "a.example");
    CHECK(value_of(made, "web", "domain") == "b.example");
    const auto error = tests::error_of([] {
        plan(with_shared_properties(), {.settings = {{"guestbook.domian", "x"}}});
    });
    CHECK(error.message() ==
          "the assembly has no property 'guestbook.domian', did you mean 'guestbook.domain'?");
}

TEST_CASE("a generated value of the collection is one for all machines", "[deployer][plan]") {
    int made_so_far = 0;
    const auto made = deployer::plan_deployment(
        with_shared_properties(), {}, [&](std::size_t) { return std::to_string(++made_so_far); });
    CHECK(value_of(made, "db", "token") == value_of(made, "app", "token"));
    CHECK(value_of(made, "app", "token") == value_of(made, "web", "token"));
}

TEST_CASE("machines start in the waves of the startup section", "[deployer][plan]") {
    const DeploymentPlan made = plan(tests::guestbook_envelope());
    REQUIRE(made.waves.size() == 3);
    CHECK(made.waves[0].machines == std::vector<std::string>{"db"});
    CHECK(made.waves[2].machines == std::vector<std::string>{"web"});
    CHECK(deployer::require_machine(made, "db").ready.kind == "key");
}

TEST_CASE("equal orders start together, order 0 comes last", "[deployer][plan]") {
    auto envelope = tests::guestbook_envelope();
    auto& all = std::get<ovfkit::VirtualSystemCollection>(*envelope.content);
    all.startup[0].order = 0;
    all.startup[1].order = 5;
    all.startup[2].order = 5;
    const DeploymentPlan made = plan(envelope);
    REQUIRE(made.waves.size() == 2);
    CHECK(made.waves[0].machines == std::vector<std::string>{"app", "web"});
    CHECK(made.waves[1].machines == std::vector<std::string>{"db"});
}

TEST_CASE("a user's value replaces the default", "[deployer][plan]") {
    CHECK(value_of(plan(tests::guestbook_envelope(), {.settings = {{"web.title", "Hi"}}}), "web",
                   "title") == "Hi");
}

TEST_CASE("a property that the assembly does not have is a usage error", "[deployer][plan]") {
    const auto error = tests::error_of([] {
        plan(tests::guestbook_envelope(), {.settings = {{"web.titel", "x"}}});
    });
    CHECK(error.kind() == base::ErrorKind::usage);
    CHECK(error.message() == "the assembly has no property 'web.titel', did you mean 'web.title'?");
}

TEST_CASE("a property that fills itself in cannot be set", "[deployer][plan]") {
    const auto error = tests::error_of([] {
        plan(tests::guestbook_envelope(), {.settings = {{"web.upstream", "x"}}});
    });
    CHECK(error.message() == "property 'web.upstream' is not meant to be set");
}

TEST_CASE("a required property without a value is told with the remedy", "[deployer][plan]") {
    auto envelope = tests::guestbook_envelope();
    auto& property = tests::system_of(envelope, 2).products[0].properties[0];
    property.has_value = false;
    property.required = true;
    const auto error = tests::error_of([&] { plan(envelope); });
    CHECK(error.kind() == base::ErrorKind::usage);
    CHECK(error.message() == "property 'web.title' needs a value");
    CHECK(error.hint() == "add --set web.title=VALUE");
}

TEST_CASE("values that refer to each other in a circle are refused", "[deployer][plan]") {
    auto envelope = tests::guestbook_envelope();
    tests::system_of(envelope, 0).products[0].properties[0].generate_length = 0;
    tests::system_of(envelope, 0).products[0].properties[0].value_template = "${app.db.password}";
    const auto error = tests::error_of([&] { plan(envelope); });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    CHECK(error.message().find("circle") != std::string::npos);
}

TEST_CASE("published ports lead to the machine's open network", "[deployer][plan]") {
    const DeploymentPlan made =
        plan(tests::guestbook_envelope(), {.host_ports = {{"http", 9090}, {"app:8000", 9091}}});
    REQUIRE(made.publish.size() == 2);
    CHECK(made.publish[0].address == "10.84.1.11");
    CHECK(made.publish[0].host_port == 9090);
    CHECK(made.publish[1].machine == "app");
    CHECK(made.publish[1].network == "front");
    const auto error = tests::error_of([] {
        plan(tests::guestbook_envelope(), {.host_ports = {{"https", 1}}});
    });
    CHECK(error.kind() == base::ErrorKind::usage);
}

TEST_CASE("names of deployments are DNS labels", "[deployer][plan]") {
    CHECK(plan(tests::guestbook_envelope(), {.name = "blue-2"}).name == "blue-2");
    for (const std::string& bad :
         std::vector<std::string>{"Blue", "a b", "../x", "-a", "x_y", std::string(41, 'a')}) {
        CHECK(tests::error_of([&] { plan(tests::guestbook_envelope(), {.name = bad}); }).kind() ==
              base::ErrorKind::usage);
    }
    CHECK(deployer::make_label("My Server (1)") == "my-server-1");
    CHECK(deployer::make_label("\xc3\xa4\xc3\xb6") == "machine");
}

TEST_CASE("several instances have names and addresses of their own", "[deployer][plan]") {
    auto envelope = tests::guestbook_envelope();
    tests::system_of(envelope, 1).machine->count.initial = 3;
    const DeploymentPlan made = plan(envelope);
    CHECK(made.machines.size() == 5);
    CHECK(value_of(made, "web", "upstream") == "10.84.1.10,10.84.1.11,10.84.1.12");
    CHECK(made.waves[1].machines == std::vector<std::string>{"app", "app-2", "app-3"});
}

TEST_CASE("what has no effect is said", "[deployer][plan]") {
    auto envelope = tests::guestbook_envelope();
    auto& system = tests::system_of(envelope, 0);
    system.hardware[0].items.push_back(tests::item(ovfkit::resource::kUsbController, "9"));
    system.unknown_sections = {{.name = "FooSection"}};
    const DeploymentPlan made = plan(envelope);
    REQUIRE(made.not_honoured.size() == 2);
    CHECK(made.not_honoured[0].find("item 9") != std::string::npos);
    CHECK(made.not_honoured[1].find("FooSection") != std::string::npos);
}

TEST_CASE("sections that one host cannot follow are said", "[deployer][plan]") {
    auto envelope = tests::guestbook_envelope();
    auto& system = tests::system_of(envelope, 0);
    system.install = ovfkit::InstallSection{};
    system.placement = ovfkit::Placement{};
    system.hardware.front().settings = {{.key = "firmware", .value = "efi"}};
    const DeploymentPlan made = plan(envelope);
    REQUIRE(made.not_honoured.size() == 3);
    CHECK(made.not_honoured[0] == "the EFI firmware of system 'db'");
    CHECK(made.not_honoured[1] == "the InstallSection of 'db'");
    CHECK(made.not_honoured[2] == "the PlacementSection of 'db'");
}

TEST_CASE("a value that its property does not allow is a usage error", "[deployer][plan]") {
    auto envelope = tests::guestbook_envelope();
    for (auto& property : tests::system_of(envelope, 2).products.front().properties) {
        property.qualifiers = property.key == "title" ? "MaxLen(3)" : property.qualifiers;
    }
    const auto error = tests::error_of([&] {
        plan(envelope, {.settings = {{"web.title", "long"}}});
    });
    CHECK(error.kind() == base::ErrorKind::usage);
    CHECK(error.message() == "the value for property 'web.title' is longer than 3 characters");
}

TEST_CASE("a foreign guest gets the hardware that it has drivers for", "[deployer][plan]") {
    auto envelope = tests::guestbook_envelope();
    tests::system_of(envelope, 0).machine.reset();
    const DeploymentPlan made = plan(envelope);
    CHECK(deployer::require_machine(made, "db").disks[0].bus == "sata");
    CHECK(deployer::require_machine(made, "db").nics[0].model == "vmxnet3");
    CHECK(deployer::require_machine(made, "app").nics[0].model == "virtio");
}

TEST_CASE("a plan survives its JSON form, and secrets do not show in the printable one",
          "[deployer][plan]") {
    const DeploymentPlan made = plan(tests::guestbook_envelope());
    CHECK(to_json(deployer::plan_of_json(to_json(made))) == to_json(made));
    CHECK(base::to_json_text(to_printable_json(made)).find("xxxx") == std::string::npos);
    CHECK(describe_plan(made).find("xxxx") == std::string::npos);
}
