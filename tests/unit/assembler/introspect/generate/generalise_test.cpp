// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/generate/generalise.h"

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/connect/sample_facts.h"

using namespace assembler;

namespace {

const TreeEdit* edit_of(const std::vector<TreeEdit>& edits, const std::string& path) {
    const auto found = std::find_if(edits.begin(), edits.end(),
                                    [&](const TreeEdit& edit) { return edit.path == path; });
    return found == edits.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("fixed addresses of ifupdown give way to networkd", "[assembler][generate]") {
    MachineFacts db = tests::shop_db();
    db.interfaces.push_back(
        {.name = "ens4", .method = "dhcp", .evidence = {"/etc/network/interfaces.d/ens4", 1, 1.0}});
    const auto edits = generalise(db, R"({"version":1})", false);
    REQUIRE(edit_of(edits, "/etc/network/interfaces") != nullptr);
    CHECK(edit_of(edits, "/etc/network/interfaces")->kind == TreeEdit::Kind::write);
    CHECK(edit_of(edits, "/etc/network/interfaces")->content.find("10.0.5") == std::string::npos);
    CHECK(edit_of(edits, "/etc/network/interfaces.d/ens4")->kind == TreeEdit::Kind::remove);
    const std::string link = "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service";
    REQUIRE(edit_of(edits, link) != nullptr);
    CHECK(edit_of(edits, link)->content == "/lib/systemd/system/systemd-networkd.service");
    REQUIRE(edit_of(edits, "/etc/muster/config.d/introspected.json") != nullptr);
    CHECK(edit_of(edits, "/etc/muster/config.d/introspected.json")->permissions == 0644);
}

TEST_CASE("netplan, networkd, NetworkManager and ifcfg files are removed",
          "[assembler][generate]") {
    for (const char* file : {"/etc/netplan/50-static.yaml", "/etc/systemd/network/05-lan.network",
                             "/etc/NetworkManager/system-connections/lan.nmconnection",
                             "/etc/sysconfig/network-scripts/ifcfg-eth0"}) {
        MachineFacts db = tests::shop_db();
        db.interfaces[0].evidence.file = file;
        const auto edits = generalise(db, "", false);
        REQUIRE(edit_of(edits, file) != nullptr);
        CHECK(edit_of(edits, file)->kind == TreeEdit::Kind::remove);
        CHECK(edit_of(edits, "/etc/muster/config.d/introspected.json") == nullptr);
    }
}

TEST_CASE("a machine keeps NetworkManager and an enabled networkd", "[assembler][generate]") {
    for (const char* unit : {"NetworkManager.service", "systemd-networkd.service"}) {
        MachineFacts db = tests::shop_db();
        db.services.push_back({.unit = unit, .enabled = true});
        for (const TreeEdit& edit : generalise(db, "", false)) {
            CHECK(edit.kind != TreeEdit::Kind::link);
        }
    }
}

TEST_CASE("cloud-init keeps out of the network, secrets are for root", "[assembler][generate]") {
    MachineFacts db = tests::shop_db();
    db.packages.push_back({.name = "cloud-init"});
    const auto edits = generalise(db, "{}", true);
    CHECK(edit_of(edits, "/etc/cloud/cloud.cfg.d/99-muster-network.cfg") != nullptr);
    CHECK(edit_of(edits, "/etc/muster/config.d/introspected.json")->permissions == 0600);
}
