// SPDX-License-Identifier: Apache-2.0
// What a machine's tree must lose and get so that it runs under new addresses: the old network
// configuration gives way to what muster-guest writes, and the guest's configuration is put in.
// Values; whoever makes the disk applies them.
#pragma once

#include <string>
#include <vector>

#include "assembler/introspect/facts.h"

namespace assembler {

struct TreeEdit {
    enum class Kind { remove, write, link };
    Kind kind = Kind::remove;
    std::string path;     // absolute in the tree; removing what is not there is fine
    std::string content;  // of a file, or the target of a link
    std::string owner = "root:root";
    unsigned permissions = 0644;
    std::string why;
};

std::string_view to_string(TreeEdit::Kind kind);

// `guest_config` is the text for introspected.json; empty: none. `secret`: for root's eyes only.
std::vector<TreeEdit> generalise(const MachineFacts& machine, const std::string& guest_config,
                                 bool secret);

}  // namespace assembler
