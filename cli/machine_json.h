// SPDX-License-Identifier: Apache-2.0
// A machine of a descriptor as JSON; a part of inspection_to_json(). Values of password properties
// are never in it.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "ovfkit/descriptor/envelope.h"

namespace cli {

base::Json machine_json(const ovfkit::Envelope& envelope, const ovfkit::VirtualSystem& system,
                        const std::string& configuration);

template <typename T, typename Fn>
base::Json array_of(const std::vector<T>& items, const Fn& to_object) {
    base::Json array = base::Json::array();
    for (const T& item : items) {
        array.push_back(to_object(item));
    }
    return array;
}

template <typename T>
base::Json optional_json(const std::optional<T>& value) {
    return value ? base::Json(*value) : base::Json(nullptr);
}

}  // namespace cli
