// SPDX-License-Identifier: Apache-2.0
#include "deployer/plan/plan.h"

#include <algorithm>

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
    const DeploymentPlan made = plan(envelope);
    REQUIRE(made.not_honoured.size() == 2);
    CHECK(made.not_honoured[0] == "the InstallSection of 'db'");
    CHECK(made.not_honoured[1] == "the PlacementSection of 'db'");
}

TEST_CASE("a machine gets the firmware of its descriptor", "[deployer][plan]") {
    auto envelope = tests::guestbook_envelope();
    tests::system_of(envelope, 0).hardware.front().settings = {{.key = "firmware", .value = "efi"}};
    const DeploymentPlan made = plan(envelope);
    CHECK(made.not_honoured.empty());
    CHECK(deployer::require_machine(made, "db").firmware == "efi");
    CHECK(deployer::require_machine(made, "app").firmware == "bios");
    base::Json json = to_json(made);
    CHECK(deployer::require_machine(deployer::plan_of_json(json), "db").firmware == "efi");
    // Plans that were stored before there was a choice.
    json.at("machines").at(0).erase("firmware");
    CHECK(deployer::plan_of_json(json).machines.at(0).firmware == "bios");
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

TEST_CASE("hardware that a machine of ours cannot have is said", "[deployer][plan]") {
    auto envelope = tests::guestbook_envelope();
    auto& hardware = tests::system_of(envelope, 0).hardware.front();
    hardware.transports = {"com.vmware.guestInfo"};
    hardware.settings = {{.key = "cpuHotAddEnabled", .value = "true"},
                         {.key = "firmware", .value = "efi"},
                         {.key = "bootOptions.efiSecureBootEnabled", .value = "true"}};
    hardware.items.push_back(tests::item(ovfkit::resource::kOther, "20"));
    hardware.items.back().resource_subtype = "vmware.vtpm";
    hardware.items[0].reservation = 1000;
    hardware.items[0].cores_per_socket = 2;
    hardware.items[1].limit = 2000;
    hardware.items[1].other_values = {{"Weight", "2"}};
    auto& nic = hardware.items[4];
    nic.connections.push_back("front");
    nic.automatic_allocation = false;
    envelope.networks[0].port_profile_uris = {"http://example.org/profile"};
    tests::system_of(envelope, 1).hardware.push_back({.system_types = {"xen-4"}});
    envelope.disks[0].shared = true;
    envelope.disks[0].read_only = true;
    envelope.disks.push_back({.id = "spare", .capacity_bytes = 512});
    const auto said = plan(envelope).not_honoured;
    for (const std::string expected :
         {"the reservation of hardware item 'item 1'", "the number of cores per socket of",
          "the limit of hardware item 'item 2'", "the weight of hardware item 'item 2'",
          "every network but the first one of", "starting without a connection of",
          "secure boot of system 'db': its firmware has no keys and starts any boot loader",
          "the TPM of system 'db'",
          "settings for VMware's products of system 'db': cpuHotAddEnabled",
          "the transport 'com.vmware.guestInfo' of system 'db'", "the port profiles of 'back'",
          "system 'app' offers 2 hardware sections: the one for 'vmx-10' is used",
          "' is shared between machines: system 'db' gets a copy of its own",
          "disk 'spare': no machine has it", "' is read-only: system 'db' can write to it"}) {
        INFO(expected);
        CHECK(std::any_of(said.begin(), said.end(), [&](const std::string& sentence) {
            return sentence.find(expected) != std::string::npos;
        }));
    }
}

TEST_CASE("instances of a system say once what has no effect", "[deployer][plan]") {
    auto envelope = tests::guestbook_envelope();
    auto& system = tests::system_of(envelope, 1);
    system.machine->count.initial = 3;
    system.hardware[0].items.push_back(tests::item(ovfkit::resource::kUsbController, "9"));
    CHECK(plan(envelope).not_honoured.size() == 1);
}

TEST_CASE("a machine stays within the limits of its configuration", "[deployer][plan]") {
    auto envelope = tests::guestbook_envelope();
    envelope.configurations = {{.id = "small", .is_default = true}, {.id = "large"}};
    auto& items = tests::system_of(envelope, 0).hardware.front().items;
    const auto add = [&](int type, std::uint64_t quantity, ovfkit::HardwareItem::Bound bound,
                         const std::string& configuration) {
        items.push_back(tests::item(type, type == ovfkit::resource::kMemory ? "2" : "1"));
        items.back().quantity = quantity;
        items.back().units = type == ovfkit::resource::kMemory ? "byte * 2^20" : "";
        items.back().bound = bound;
        items.back().configurations = {configuration};
    };
    using Bound = ovfkit::HardwareItem::Bound;
    add(ovfkit::resource::kProcessor, 4, Bound::minimum, "large");
    add(ovfkit::resource::kMemory, 128, Bound::maximum, "large");
    const auto small = plan(envelope);
    CHECK(deployer::require_machine(small, "db").cpus == 1);
    CHECK(small.not_honoured.empty());
    const auto large = plan(envelope, {.configuration = "large"});
    CHECK(deployer::require_machine(large, "db").cpus == 4);
    CHECK(deployer::require_machine(large, "db").memory_bytes == 128U << 20U);
    REQUIRE(large.not_honoured.size() == 2);
    CHECK(large.not_honoured[0] ==
          "1 CPUs of system 'db' is outside of the limits that its descriptor sets: it gets 4");
}

TEST_CASE("items of OVF 2 are hardware like others", "[deployer][plan]") {
    auto envelope = tests::guestbook_envelope();
    auto& items = tests::system_of(envelope, 0).hardware.front().items;
    items[3].kind = ovfkit::HardwareItem::Kind::storage;
    items[3].resource_type = ovfkit::resource::kLogicalDisk;
    items[4].kind = ovfkit::HardwareItem::Kind::ethernet;
    const auto made = plan(envelope);
    CHECK(deployer::require_machine(made, "db").disks.size() == 1);
    CHECK(deployer::require_machine(made, "db").nics.size() == 1);
    CHECK(made.not_honoured.empty());
}

TEST_CASE("a value outside of ValueMap, MinLen or Ip is told with its property",
          "[deployer][plan]") {
    const auto refusal = [](const std::string& type, const std::string& qualifiers,
                            const std::string& value) {
        auto envelope = tests::guestbook_envelope();
        for (auto& property : tests::system_of(envelope, 2).products.front().properties) {
            if (property.key == "title") {
                property.type = type;
                property.qualifiers = qualifiers;
            }
        }
        const auto error = tests::error_of([&] {
            plan(envelope, {.settings = {{"web.title", value}}});
        });
        CHECK(error.kind() == base::ErrorKind::usage);
        return error.message();
    };
    for (const std::string& message :
         {refusal("string", "ValueMap{\"a\",\"b\"}", "c"), refusal("string", "MinLen(4)", "abc"),
          refusal("string", "Ip(\"back\")", "999.1.1.1"), refusal("uint8", "", "256"),
          refusal("uint32", "MinValue(10)", "9"), refusal("boolean", "", "maybe")}) {
        CHECK_THAT(message, Catch::StartsWith("the value for property 'web.title' "));
    }
}

TEST_CASE("the capacity of a disk may be the value of a property", "[deployer][plan]") {
    auto envelope = tests::guestbook_envelope();
    auto& disk = envelope.disks[2];
    disk.file_ref.clear();
    disk.capacity_bytes = 0;
    disk.capacity_property = "size";
    disk.capacity_unit_bytes = 1U << 30U;
    auto& products = tests::system_of(envelope, 2).products;
    products.front().properties.push_back(
        {.key = "size", .type = "string", .value = "3", .user_configurable = true});
    products.front().properties.back().has_value = true;
    const auto capacity = [&](const std::string& value) {
        DeployRequest request;
        if (!value.empty()) {
            request.settings = {{"web.size", value}};
        }
        return deployer::require_machine(plan(envelope, request), "web").disks[0].capacity_bytes;
    };
    CHECK(capacity("") == 3ULL << 30U);
    CHECK(capacity("20") == 20ULL << 30U);
    for (const std::string bad : {"x", "-1", "1.5", "0", "100000000", "99999999999999999999999"}) {
        INFO(bad);
        const auto error = tests::error_of([&] { capacity(bad); });
        CHECK(error.kind() == base::ErrorKind::invalid_input);
        CHECK_THAT(error.message(), Catch::Contains("'" + envelope.disks[2].id + "'"));
        CHECK_THAT(error.message(), Catch::Contains("'web.size'"));
        CHECK_THAT(error.hint(), Catch::Contains("--set web.size=NUMBER"));
    }
    disk.capacity_property = "other";
    const auto error = tests::error_of([&] { capacity(""); });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    CHECK_THAT(error.message(),
               Catch::Contains("property 'other', which system 'web' does not have"));
    disk.capacity_property.clear();
    disk.capacity_bytes = 1ULL << 60U;
    CHECK(tests::error_of([&] { capacity(""); }).kind() == base::ErrorKind::unsupported);
}

TEST_CASE("a delta disk is planned with its parents", "[deployer][plan]") {
    auto envelope = tests::guestbook_envelope();
    envelope.disks[2].parent_ref = envelope.disks[1].id;
    envelope.disks[1].parent_ref = envelope.disks[0].id;
    const auto made = plan(envelope);
    const auto& disk = deployer::require_machine(made, "web").disks[0];
    REQUIRE(disk.parents.size() == 2);
    CHECK(disk.parents[1].member == deployer::require_machine(made, "db").disks[0].member);
    CHECK(describe_plan(made).find("a delta of " + disk.parents[0].member) != std::string::npos);
    CHECK(to_json(deployer::plan_of_json(to_json(made))) == to_json(made));
    // A child without a file of its own is what its parent is.
    envelope.disks[2].file_ref.clear();
    CHECK(deployer::require_machine(plan(envelope), "web").disks[0].member ==
          disk.parents[0].member);
    envelope.disks[0].parent_ref = envelope.disks[2].id;
    CHECK(tests::error_of([&] { plan(envelope); }).message() ==
          "disk '" + envelope.disks[0].id + "' is its own ancestor");
    envelope.disks[0].parent_ref = "nobody";
    CHECK_THAT(tests::error_of([&] { plan(envelope); }).message(),
               Catch::Contains("unknown parent disk 'nobody'"));
}

TEST_CASE("a plan survives its JSON form, and secrets do not show in the printable one",
          "[deployer][plan]") {
    const DeploymentPlan made = plan(tests::guestbook_envelope());
    CHECK(to_json(deployer::plan_of_json(to_json(made))) == to_json(made));
    CHECK(base::to_json_text(to_printable_json(made)).find("xxxx") == std::string::npos);
    CHECK(describe_plan(made).find("xxxx") == std::string::npos);
}
