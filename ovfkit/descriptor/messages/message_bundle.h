// SPDX-License-Identifier: Apache-2.0
// The texts of a descriptor in one language: a Strings element, inside the descriptor or in a file
// of the package that it names. DSP0243 1.1 clause 10.
#pragma once

#include <string>
#include <vector>

#include "ovfkit/xml/place.h"

namespace ovfkit {

struct Message {
    std::string id;
    std::string text;

    bool operator==(const Message&) const = default;
};

struct MessageBundle {
    Place place;
    std::string language;  // "de-DE"; empty: the one of the descriptor
    std::string file_ref;  // id of the file that holds the messages; empty: they are here
    std::vector<Message> messages;

    bool operator==(const MessageBundle&) const = default;
};

}  // namespace ovfkit
