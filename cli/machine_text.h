// SPDX-License-Identifier: Apache-2.0
// A machine of a descriptor for people; a part of print_inspection(). Values of password properties
// are never shown.
#pragma once

#include <string>
#include <string_view>

#include "base/cli/io.h"
#include "ovfkit/descriptor/envelope.h"

namespace cli {

// One labelled line; further ones with an empty label stand below it.
void print_line(base::cli::Io& io, std::string_view label, const std::string& text);

std::string product_text(const ovfkit::ProductSection& product);

void print_machine(const ovfkit::Envelope& envelope, const ovfkit::VirtualSystem& system,
                   const std::string& configuration, base::cli::Io& io);

}  // namespace cli
