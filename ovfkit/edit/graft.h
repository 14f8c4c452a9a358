// SPDX-License-Identifier: Apache-2.0
// Brings machines of one descriptor into another, and takes them out again, by copying text:
// vendors' sections and comments inside them come along. Ids, file names and machine names that
// both have are changed on the way; networks of the same name are the same network.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ovfkit/edit/descriptor_document.h"

namespace ovfkit::edit {

struct Grafted {
    std::string id;                              // what the content is called now
    std::map<std::string, std::string> members;  // file names: theirs to ours
    std::vector<std::string> notes;
};

// The collection at the top; made around the virtual system when there is none.
EditableElement& obtain_collection(DescriptorDocument& document, const std::string& id);

// Appends the content of `from` (which is changed by it) to the collection and gives it the next
// place in the start order. `label` tells apart what has the same name. Files of `same` (their
// names to ours) are known to have the same bytes: the disks that begin with one share ours, and it
// does not come along. Throws unsupported when the two are of different versions or their
// configurations do not fit together.
Grafted graft(DescriptorDocument& into, EditableElement& collection, DescriptorDocument& from,
              const std::string& label, const std::map<std::string, std::string>& same = {});

// Gives the machine or collection of that id the last place in the start order.
void append_startup(DescriptorDocument& document, EditableElement& collection,
                    const std::string& id);

struct CutOut {
    std::string text;
    std::vector<std::string> members;  // the files it needs
    std::vector<std::string> notes;
};
// The descriptor of one machine alone.
CutOut cut_out(const std::string& text, const std::string& name, const std::string& system_id);

}  // namespace ovfkit::edit
