// SPDX-License-Identifier: Apache-2.0
// The checks of validate_envelope() that look at one virtual system.
#pragma once

#include <string>
#include <vector>

#include "ovfkit/descriptor/diagnostic.h"
#include "ovfkit/descriptor/envelope.h"

namespace ovfkit {

struct Findings {
    Diagnostics diagnostics;

    void add(Severity severity, Place place, std::string code, std::string text) {
        diagnostics.push_back({severity, place, std::move(code), std::move(text)});
    }
    void error(Place place, std::string code, std::string text) {
        add(Severity::error, place, std::move(code), std::move(text));
    }
};

void check_system(const Envelope& envelope, const VirtualSystem& system, Findings& findings);
void check_products(const Envelope& envelope, const std::string& owner,
                    const std::vector<ProductSection>& products, Findings& findings);

}  // namespace ovfkit
