// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/env/ovf_env.h"

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "base/process.h"
#include "tests/support/catch.h"

using ovfkit::OvfEnvironment;

namespace {

OvfEnvironment sample() {
    return {.id = "db",
            .platform = {"QEMU", "7.2.22", "muster", "en"},
            .properties = {{"instance-id", "i-1"},
                           {"hostname", "db"},
                           {"odd", "\"&<>'\n\t\xF0\x9F\x98\x80"}},
            .siblings = {{"app", {{"db.host", "10.84.0.10"}}}, {"web", {}}}};
}

}  // namespace

TEST_CASE("an environment reads back as it was written", "[ovfkit][env]") {
    CHECK(ovfkit::read_ovf_env(ovfkit::write_ovf_env(sample()), "ovf-env.xml") == sample());
}

TEST_CASE("a value of 64 KiB survives", "[ovfkit][env]") {
    OvfEnvironment environment = sample();
    environment.properties.push_back({"big", std::string(65536, '<')});
    CHECK(ovfkit::read_ovf_env(ovfkit::write_ovf_env(environment), "e") == environment);
}

TEST_CASE("a value that XML cannot carry is told with its property", "[ovfkit][env]") {
    OvfEnvironment environment = sample();
    environment.properties.push_back({"bell", "\a"});
    CHECK_THAT(tests::error_of([&] { ovfkit::write_ovf_env(environment); }).message(),
               Catch::StartsWith("property 'bell' of 'db': "));
}

TEST_CASE("the first property section is the machine's own", "[ovfkit][env]") {
    const std::string text = ovfkit::write_ovf_env(sample());
    CHECK(text.find("oe:key=\"instance-id\"") < text.find("<Entity"));
    CHECK(ovfkit::find_value(sample(), "hostname") == "db");
    CHECK(ovfkit::find_value(sample(), "nobody") == std::nullopt);
}

TEST_CASE("attributes without a prefix and other prefixes are read", "[ovfkit][env]") {
    const auto environment = ovfkit::read_ovf_env(
        R"(<x:Environment xmlns:x="http://schemas.dmtf.org/ovf/environment/1" x:id="a">
             <x:PropertySection><x:Property key="k" value="v"/></x:PropertySection>
             <x:PropertySection><x:Property key="other" value="v"/></x:PropertySection>
           </x:Environment>)",
        "e");
    CHECK(environment.id == "a");
    CHECK(environment.properties == std::vector<ovfkit::EnvProperty>{{"k", "v"}});
}

TEST_CASE("what is no environment is refused", "[ovfkit][env]") {
    CHECK_THAT(tests::error_of([] { ovfkit::read_ovf_env("<Envelope/>", "e"); }).message(),
               Catch::StartsWith("e:1:1: an OVF environment begins with Environment"));
    CHECK_THROWS(ovfkit::read_ovf_env(
        "<Environment><PropertySection><Property/></PropertySection></Environment>", "e"));
}

// cloud-init reads the document with Python's minidom, and the schema is DSP8027's.
TEST_CASE("other readers find the values", "[ovfkit][env]") {
    const base::TempDir dir;
    const auto path = dir.path() / "ovf-env.xml";
    base::write_file(path, ovfkit::write_ovf_env(sample()));
    const std::string script = R"(
import sys, xml.dom.minidom as m
root = m.parse(sys.argv[1]).documentElement
ns = "http://schemas.dmtf.org/ovf/environment/1"
assert root.localName == "Environment"
sections = [n for n in root.childNodes if n.localName == "PropertySection"]
own = [n for n in sections[0].childNodes if n.localName == "Property"]
got = {n.attributes.getNamedItemNS(ns, "key").value: n.attributes.getNamedItemNS(ns, "value").value for n in own}
assert got["hostname"] == "db" and got["odd"] == "\"&<>'\n\t\U0001F600", got
)";
    const auto result = base::run(base::Command{.argv = {"python3", "-c", script, path.string()}});
    INFO(result.err);
    CHECK(result.status == 0);
}
