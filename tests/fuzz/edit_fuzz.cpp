// SPDX-License-Identifier: Apache-2.0
// Any bytes are a descriptor that can be edited or an Error: what nothing changed keeps its bytes,
// and what was changed can be read again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "ovfkit/edit/edit_session.h"
#include "ovfkit/edit/edit_steps.h"
#include "ovfkit/xml/editable_document.h"

namespace {

// Errors of the input are fine; one of ours is not.
void require_no_bug(const base::Error& error) {
    if (error.kind() == base::ErrorKind::internal) {
        std::abort();
    }
}

void apply(ovfkit::edit::EditSession& session, const std::string& name, const std::string& text) {
    const auto& operation = ovfkit::edit::require_operation({name, "", {}, name});
    try {
        session.apply(ovfkit::edit::parse_step(operation, text, name));
    } catch (const base::Error& error) {
        require_no_bug(error);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // SAFETY: unsigned char seen as char.
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        ovfkit::edit::EditSession session(text, "fuzz.ovf", {});
        if (session.document().text() != text) {
            std::abort();
        }
        apply(session, "cpus", "3");
        apply(session, "annotation", "<&>");
        apply(session, "add-network", "fuzz");
        apply(session, "add-nic", "fuzz");
        apply(session, "add-disk", "size=1GiB");
        apply(session, "product", "vendor=x");
        apply(session, "add-machine", "id=fuzz");
        const ovfkit::xml::EditableDocument again(session.document().text(), "again.ovf");
        session.finish();
    } catch (const base::Error& error) {
        require_no_bug(error);
    }
    return 0;
}
