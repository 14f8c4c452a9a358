// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/write_envelope.h"

#include "ovfkit/descriptor/read_envelope.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/descriptor/sample_envelope.h"

TEST_CASE("an envelope reads back as it was written", "[ovfkit][descriptor]") {
    const ovfkit::Envelope envelope = tests::sample_envelope();
    const std::string text = ovfkit::write_envelope(envelope);
    const auto reading = ovfkit::examine_envelope(text, "sample.ovf");
    for (const auto& diagnostic : reading.diagnostics) {
        FAIL_CHECK(ovfkit::format_diagnostic(diagnostic, "sample.ovf"));
    }
    CHECK(reading.envelope == envelope);
    CHECK(ovfkit::write_envelope(reading.envelope) == text);
}

TEST_CASE("our own sections are optional for other readers", "[ovfkit][descriptor]") {
    const std::string text = ovfkit::write_envelope(tests::sample_envelope());
    CHECK(text.find("<muster:MachineSection ovf:required=\"false\">") != std::string::npos);
    CHECK(text.find("<muster:AssemblySection ovf:required=\"false\"") != std::string::npos);
}

TEST_CASE("an envelope without content or with odd text is not written", "[ovfkit][descriptor]") {
    CHECK(tests::error_of([] { ovfkit::write_envelope({}); }).kind() ==
          base::ErrorKind::invalid_input);
    ovfkit::Envelope envelope = tests::sample_envelope();
    auto& collection = std::get<ovfkit::VirtualSystemCollection>(*envelope.content);
    auto& db = std::get<ovfkit::VirtualSystem>(collection.members.front());
    db.products.front().properties.front().value = "bell\a";
    db.products.front().properties.front().has_value = true;
    CHECK_THAT(
        tests::error_of([&] { ovfkit::write_envelope(envelope); }).message(),
        Catch::StartsWith("virtual system 'db': property 'password': attribute 'ovf:value'"));
}
