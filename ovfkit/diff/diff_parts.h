// SPDX-License-Identifier: Apache-2.0
// The parts of diff_packages(), one file each.
#pragma once

#include <string>

#include "ovfkit/diff/diff_packages.h"

namespace ovfkit {

// Hardware in the default configuration and, for the amounts, in all that both have.
void diff_hardware(const DiffSide& before, const VirtualSystem& old_system, const DiffSide& after,
                   const VirtualSystem& new_system, Changes& changes);
void diff_products(const std::vector<ProductSection>& before,
                   const std::vector<ProductSection>& after, Changes& changes);
// What systems and collections have in common besides products.
void diff_licences(const std::vector<Eula>& before, const std::vector<Eula>& after,
                   Changes& changes);
void diff_unknown_sections(const std::vector<UnknownSection>& before,
                           const std::vector<UnknownSection>& after, Changes& changes);

// The digest of a file, or what the descriptor says when there is none: for comparing.
std::string content_of(const DiffSide& side, const FileReference* file);

// "a, b": for lists whose order does not matter.
std::string sorted_list(std::vector<std::string> words);
// A long text for one line: its beginning, its length and the beginning of its digest.
std::string excerpt_of(const std::string& text);

}  // namespace ovfkit
