// SPDX-License-Identifier: Apache-2.0
// May a property have this value? By its type and its qualifiers; asked for defaults when a
// descriptor is read, and for the user's values before anything is deployed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ovfkit/descriptor/product.h"

namespace ovfkit {

// What is wrong with the value, such as "is longer than 16 characters"; nothing when it is right.
// Never quotes the value: it may be a password. An unknown type allows everything.
std::optional<std::string> find_value_fault(const Property& property, std::string_view value);

}  // namespace ovfkit
