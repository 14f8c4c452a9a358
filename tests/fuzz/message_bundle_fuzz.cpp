// SPDX-License-Identifier: Apache-2.0
// Any bytes are a message bundle or an Error; what is accepted can be put into a descriptor.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "ovfkit/descriptor/messages/localise.h"
#include "ovfkit/xml/document.h"

namespace {

ovfkit::Envelope sample() {
    ovfkit::VirtualSystem system;
    system.id = "vm";
    system.info = "as it was";
    system.message_ids = {{"Info", "info"}, {"Name", "name"}};
    ovfkit::Envelope envelope;
    envelope.files = {{.id = "file", .href = "messages.xml"}};
    envelope.message_bundles = {{.file_ref = "file"}};
    envelope.content = system;
    return envelope;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // SAFETY: unsigned char seen as char.
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        ovfkit::MessageBundle bundle =
            ovfkit::parse_message_bundle(ovfkit::xml::parse_document(text, "fuzz.xml"), "fuzz.xml");
        ovfkit::Envelope envelope = sample();
        const std::string language = bundle.language;
        ovfkit::fill_bundle(envelope, "file", std::move(bundle));
        for (const std::string& one : ovfkit::languages_of(envelope)) {
            ovfkit::localise(envelope, one);
        }
        ovfkit::localise(envelope, language);
        if (std::get<ovfkit::VirtualSystem>(*envelope.content).id != "vm") {
            std::abort();
        }
    } catch (const base::Error&) {  // refused
    }
    return 0;
}
