// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/introspect.h"

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/support/memory_tree.h"

using namespace assembler;

namespace {

constexpr const char* kShopMachine =
    "=== /etc/os-release\nID=debian\n"
    "=== /etc/hostname\nShop-01.example.org\n"
    "=== /var/lib/dpkg/status\nPackage: base-files\nStatus: install ok installed\n"
    "Priority: required\nArchitecture: arm64\nVersion: 12\n\n"
    "=== /var/lib/dpkg/info/base-files.list\n/etc/os-release\n"
    "=== /etc/systemd/system/shop.service\n[Service]\nExecStart=/opt/shop/run --token abcdef\n"
    "Environment=DB=postgres://shop:s3cret@10.0.0.7/shop\n[Install]\n";

// A tree whose folders cannot be read.
class BrokenTree : public tests::MemoryTree {
  public:
    std::vector<Entry> list(std::string_view path) const override {
        throw base::Error(base::ErrorKind::invalid_input,
                          "the folder " + std::string(path) + " is damaged");
    }
};

}  // namespace

TEST_CASE("a machine is introspected without its secrets", "[assembler][introspect]") {
    const tests::MemoryTree tree = tests::tree_of_text(kShopMachine, "images/shop.qcow2");
    const MachineFacts facts = introspect_tree(tree);
    CHECK(facts.name == "shop-01");
    CHECK(facts.source == "images/shop.qcow2");
    CHECK(facts.os.architecture == "arm64");
    REQUIRE(facts.services.size() == 1);
    CHECK(facts.services[0].command_line == "/opt/shop/run --token ***");
    REQUIRE(facts.services[0].environment.size() == 1);
    CHECK(facts.services[0].environment[0].value == "postgres://shop:***@10.0.0.7/shop");
    REQUIRE(facts.changed_files.size() == 1);
    CHECK(facts.changed_files[0].path == "/etc/systemd/system/shop.service");
    REQUIRE(facts.secrets.size() == 1);
    CHECK(facts.secrets[0].value.empty());
    CHECK(facts.secrets[0].evidence.line == 3);

    const MachineFacts open = introspect_tree(tree, {.name = "web", .with_secrets = true});
    CHECK(open.name == "web");
    CHECK(open.secrets.at(0).value == "s3cret");
    CHECK(open.services[0].environment[0].value == "postgres://shop:s3cret@10.0.0.7/shop");
}

TEST_CASE("a machine without a host name is called as its source", "[assembler][introspect]") {
    CHECK(introspect_tree(tests::tree_of_text("", "/x/Db 2.qcow2")).name == "db-2");
    CHECK(introspect_tree(tests::tree_of_text("=== /etc/hostname\nlocalhost\n", "web")).name ==
          "web");
    CHECK(machine_name_of("..") == "machine");
    CHECK(machine_name_of("-Web__01-") == "web-01");
    CHECK(machine_name_of(std::string(200, 'a')).size() == 63);
}

TEST_CASE("a damaged tree gives remarks", "[assembler][introspect]") {
    BrokenTree tree;
    tree.file("/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    const MachineFacts facts = introspect_tree(tree);
    CHECK(facts.users.size() == 1);
    CHECK(std::any_of(facts.remarks.begin(), facts.remarks.end(), [](const Remark& one) {
        return one.text.find("is damaged") != std::string::npos;
    }));
}

TEST_CASE("machines of one name are numbered", "[assembler][introspect]") {
    std::vector<MachineFacts> machines{
        {.name = "web"}, {.name = "web-2"}, {.name = "web"}, {.name = "db"}, {.name = "web"}};
    make_names_unique(machines);
    std::vector<std::string> names;
    for (const MachineFacts& machine : machines) {
        names.push_back(machine.name);
    }
    CHECK(names == std::vector<std::string>{"web", "web-2", "web-3", "db", "web-4"});
}
