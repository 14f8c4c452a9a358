// SPDX-License-Identifier: Apache-2.0
// The plug-in that docs/introspection.md shows is one, and finds what the page says.
#include "base/file.h"
#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/plugin/plugin_fixture.h"

namespace {

// What stands in the fence that begins with `open`.
std::string fenced_text(const std::string& page, const std::string& open) {
    const std::size_t begin = page.find("\n" + open + "\n");
    REQUIRE(begin != std::string::npos);
    const std::size_t first = begin + open.size() + 2;
    return page.substr(first, page.find("\n```\n", first) + 1 - first);
}

}  // namespace

TEST_CASE("the plug-in of the documentation finds what it is for", "[assembler][introspect]") {
    const std::string page = base::read_file(MUSTER_SOURCE_DIR "/docs/introspection.md", 1U << 20U);
    base::TempDir folder;
    base::write_file(folder.path() / "tickets.yaml", fenced_text(page, "```yaml"));
    const auto machine = tests::machine_of_text(
        "service tickets-north.service - enabled\n=== /etc/systemd/system/tickets-north.service\n"
        "[Service]\nExecStart=/opt/tickets/bin/tickets --config /etc/tickets/north.conf\n"
        "=== /etc/tickets/north.conf\n[server]\nlisten = 10.0.0.5:8070\n[stock]\n"
        "servers = stock1.lan:9400, stock2.lan\n[database]\n"
        "url = postgresql://tickets:secret@db.lan/tickets\n");
    tests::FoundComponents found;
    found.components = assembler::find_components(machine.tree, machine.facts,
                                                  assembler::load_plugins({folder.path().string()}),
                                                  found.remarks);
    CHECK(tests::wrong_places(machine.tree, found.components) == "");
    CHECK(tests::to_text(found) ==
          "tickets-north (tickets) tickets-north.service\n"
          "  in http http 10.0.0.5:8070 /etc/tickets/north.conf:2 1 places 1\n"
          "  out stock tcp stock1.lan:9400 /etc/tickets/north.conf:4 1 places 1/1\n"
          "  out stock-2 tcp stock2.lan:9400 (usual) /etc/tickets/north.conf:4 1 places 1/0\n"
          "  out database postgresql db.lan:5432 (usual) tickets /etc/tickets/north.conf:6 1 "
          "places 1/0\n"
          "  set database.password= secret\n");
}
