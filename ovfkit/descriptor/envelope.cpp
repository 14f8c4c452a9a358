// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/envelope.h"

#include <tuple>

#include "base/error.h"

namespace ovfkit {

// Here, where Content is complete; written out, as clang 14 breaks on the defaulted one.
bool VirtualSystemCollection::operator==(const VirtualSystemCollection& other) const {
    const auto all = [](const VirtualSystemCollection& one) {
        return std::tie(one.id, one.name, one.info, one.products, one.startup, one.eulas,
                        one.annotation, one.assembly, one.unknown_sections, one.members,
                        one.resource_allocation, one.scale_outs, one.placement, one.message_ids);
    };
    return all(*this) == all(other);
}

std::string environment_key(const ProductSection& section, const Property& property) {
    std::string key = property.key;
    if (!section.class_name.empty()) {
        key.insert(0, section.class_name + ".");
    }
    if (!section.instance.empty()) {
        key += "." + section.instance;
    }
    return key;
}

std::string_view to_string(Readiness::Kind kind) {
    switch (kind) {
        case Readiness::Kind::key: return "key";
        case Readiness::Kind::tcp: return "tcp";
        case Readiness::Kind::http: return "http";
    }
    base::unreachable("readiness without a name");
}

std::string_view to_string(Endpoint::Direction direction) {
    return direction == Endpoint::Direction::input ? "input" : "output";
}

}  // namespace ovfkit
