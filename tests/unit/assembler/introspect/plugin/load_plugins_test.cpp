// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/plugin.h"

#include "base/file.h"
#include "tests/support/catch.h"

using assembler::load_plugins;

namespace {

std::string error_for(const std::string& text) {
    base::TempDir folder;
    base::write_file(folder.path() / "x.yaml", text);
    std::string message =
        tests::error_of([&] { load_plugins({folder.path().string()}); }).message();
    const std::string prefix = folder.path().string() + "/";
    while (message.find(prefix) != std::string::npos) {
        message.erase(message.find(prefix), prefix.size());
    }
    return message;
}

const std::string kHead = "name: x\napplies: { files: [/etc/x] }\n";

}  // namespace

TEST_CASE("the shipped plug-ins are read, in their order", "[assembler][introspect][plugin]") {
    const auto plugins = load_plugins({MUSTER_SOURCE_DIR "/assembler/introspect/plugins"});
    REQUIRE(plugins.size() > 20);
    CHECK(plugins.back().name == "generic");
    for (const auto& plugin : plugins) {
        CAPTURE(plugin.name);
        CHECK_FALSE((plugin.inputs.empty() && plugin.outputs.empty()));
    }
    CHECK(assembler::find_plugin_folder() == MUSTER_BINARY_DIR "/share/muster/introspect");
}

TEST_CASE("errors of plug-ins say where they are", "[assembler][introspect][plugin]") {
    CHECK(error_for("nam: x\n") == "x.yaml:1:1: the plug-in needs the key 'name'");
    CHECK(error_for(kHead + "inptus: []\n") ==
          "x.yaml:3:1: unknown key 'inptus' in the plug-in, did you mean 'inputs'?");
    CHECK(error_for(kHead + "sources: { config: { lens: nginy, files: [/etc/x] } }\n") ==
          "x.yaml:3:28: unknown lens 'nginy'");
    CHECK(error_for(kHead + "inputs:\n  - { select: 'config:a[b', protocol: http }\n") ==
          "x.yaml:4:15: path 'a[b': a '[' is not closed");
    CHECK(error_for(kHead +
                    "inputs:\n  - { select: 'config:a', protocol: http, default_port: 0 }\n") ==
          "x.yaml:4:57: a port is between 1 and 65535");
    CHECK(error_for(kHead + "inputs: [{ select: 'config:a', protocol: x, confidence: 2 }]\n") ==
          "x.yaml:3:57: a confidence is 0.7 (a default of the program) or 0.4 (a guess)");
    CHECK(error_for(kHead + "per: planet\n") ==
          "x.yaml:3:6: 'planet' is none of machine, file, service, node");
    CHECK(error_for(kHead + "use: [nothing]\n") == "x.yaml:1:1: there is no rule set 'nothing'");
    CHECK(error_for(kHead + "outputs: [{ select: 'a:b', protocol: x, through: g }]\n") ==
          "x.yaml:1:1: an output goes through the group 'g', which is none");
    CHECK(error_for(kHead + "sources: { a: { lens: env, files: [/x], into: b } }\n") ==
          "x.yaml:1:1: source 'a' goes into 'b', which is none");
    CHECK(tests::error_of([] { load_plugins({"/nonexistent"}); }).kind() ==
          base::ErrorKind::not_found);
}

TEST_CASE("a later folder's plug-in replaces one of the same name",
          "[assembler][introspect][plugin]") {
    base::TempDir first;
    base::TempDir second;
    base::write_file(first.path() / "x.yaml", kHead + "order: 5\n");
    base::write_file(first.path() / "y.yaml", "name: y\norder: 7\napplies: {}\n");
    base::write_file(second.path() / "mine.yaml", kHead + "order: 9\n");
    base::write_file(second.path() / "README.md", "not read");
    const auto plugins = load_plugins({first.path().string(), second.path().string()});
    REQUIRE(plugins.size() == 2);
    CHECK(plugins[0].name == "y");
    CHECK(plugins[1].name == "x");
    CHECK(plugins[1].order == 9);
}
