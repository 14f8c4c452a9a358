// SPDX-License-Identifier: Apache-2.0
// Where something stood in the text it was read from. A place says nothing about the meaning of
// what stood there, so all places compare equal: two descriptors are equal when they say the same.
#pragma once

namespace ovfkit {

struct Place {
    int line = 0;  // from 1; 0: not read from a text
    int column = 0;
    bool operator==(const Place&) const { return true; }
};

}  // namespace ovfkit
