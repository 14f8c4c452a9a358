// SPDX-License-Identifier: Apache-2.0
// Any bytes as a package's copyright file: nothing is asserted, or an expression that keeps SPDX's
// grammar, in which each LicenseRef has a text that a terminal and JSON can take.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "base/printable.h"
#include "imagebuilder/evidence/license/package_license.h"
#include "tests/support/spdx_grammar.h"

namespace {

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

std::set<std::string> references_in(const std::string& expression) {
    std::set<std::string> ids;
    std::size_t end = 0;
    for (std::size_t at = expression.find("LicenseRef-"); at != std::string::npos;
         at = expression.find("LicenseRef-", end)) {
        end = std::min(expression.find_first_of(" )", at), expression.size());
        ids.insert(expression.substr(at, end - at));
    }
    return ids;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // SAFETY: unsigned char seen as char.
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const imagebuilder::PackageLicense license = imagebuilder::license_of_copyright(text);
    const std::string expression = license.expression();
    require(expression.empty() == license.terms.empty());
    require(expression.empty() || tests::SpdxExpression::is_valid(expression));
    std::set<std::string> defined;
    for (const auto& [id, extracted] : license.extracted) {
        defined.insert(id);
        require(!extracted.text.empty() && base::printable(extracted.text) == extracted.text);
        require(base::printable_line(extracted.name) == extracted.name);
    }
    require(references_in(expression) == defined);
    return 0;
}
