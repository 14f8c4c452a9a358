// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/messages/localise.h"

#include "ovfkit/descriptor/read_envelope.h"
#include "tests/support/catch.h"

using namespace ovfkit;  // NOLINT: a test file

namespace {

Envelope sample() {
    return read_envelope(
        R"(<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
             xmlns:o="http://schemas.dmtf.org/ovf/envelope/1" xml:lang="en">
           <References><File o:id="french" o:href="fr.xml"/></References>
           <VirtualSystem o:id="vm"><Info o:msgid="info">a machine</Info><Name o:msgid="name"/>
             <ProductSection><Info/><Category o:msgid="group">Group</Category>
               <Property o:key="k" o:type="string"><Label o:msgid="label">Key</Label></Property>
             </ProductSection></VirtualSystem>
           <Strings xml:lang="en"><Msg o:msgid="name">Machine</Msg></Strings>
           <Strings xml:lang="de-DE"><Msg o:msgid="info">eine Maschine</Msg>
             <Msg o:msgid="label">Schlüssel</Msg></Strings>
           <Strings xml:lang="fr" o:fileRef="french"/></Envelope>)",
        "a.ovf");
}

const VirtualSystem& system_of(const Envelope& envelope) {
    return std::get<VirtualSystem>(*envelope.content);
}

}  // namespace

TEST_CASE("a text that stands in the Strings alone is filled in", "[ovfkit][descriptor]") {
    const Envelope envelope = sample();
    CHECK(system_of(envelope).name == "Machine");
    CHECK(envelope.name == "Machine");
    CHECK(system_of(envelope).info == "a machine");
    CHECK(languages_of(envelope) == std::vector<std::string>{"en", "de-DE", "fr"});
}

TEST_CASE("texts are in the language that was asked for where there are any",
          "[ovfkit][descriptor]") {
    for (const std::string language : {"de-DE", "de", "de_AT", "DE-de"}) {
        INFO(language);
        Envelope envelope = sample();
        localise(envelope, language);
        CHECK(system_of(envelope).info == "eine Maschine");
        CHECK(system_of(envelope).name == "Machine");
        const Property& property = system_of(envelope).products.front().properties.front();
        CHECK(property.label == "Schlüssel");
        CHECK(property.category == "Group");
    }
    Envelope envelope = sample();
    localise(envelope, "ja");
    CHECK(system_of(envelope).info == "a machine");
}

TEST_CASE("messages come from files of the package", "[ovfkit][descriptor]") {
    Envelope envelope = sample();
    const auto files = bundle_files(envelope);
    REQUIRE(files.size() == 1);
    CHECK(files.front()->href == "fr.xml");
    fill_bundle(envelope, "french",
                parse_message_bundle(
                    R"(<Strings xmlns:o="http://schemas.dmtf.org/ovf/envelope/1" xml:lang="fr">
                       <Msg o:msgid="group">Groupe</Msg></Strings>)",
                    "fr.xml"));
    localise(envelope, "fr-CA");
    CHECK(system_of(envelope).products.front().properties.front().category == "Groupe");
}

TEST_CASE("a file that is no message bundle is invalid input", "[ovfkit][descriptor]") {
    const auto error = tests::error_of([] { parse_message_bundle("<html>\n</html>", "fr.xml"); });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    CHECK_THAT(error.message(), Catch::StartsWith("fr.xml:1:1: not a message bundle"));
    CHECK_THAT(tests::error_of([] {
                   parse_message_bundle("<Strings>\n<Msg>text</Msg></Strings>", "fr.xml");
               }).message(),
               Catch::StartsWith("fr.xml:2:1: a Msg of the Strings has no attribute 'msgid'"));
}
