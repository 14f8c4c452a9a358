// SPDX-License-Identifier: Apache-2.0
// The table of what can be edited: one operation per option of `muster edit` and per key of its
// scripts. A script is a YAML list of one-key maps, in the words of the options:
//   - system: web
//   - cpus: 4
//   - add-nic: { network: front, type: virtio }
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ovfkit/edit/edit_session.h"

namespace ovfkit::edit {

struct Operation {
    // text: one value; assignment: KEY=VALUE; arguments: VALUE,key=value,… in any order, where
    // VALUE may be missing.
    enum class Form { text, assignment, arguments };
    std::string_view name;
    Form form = Form::text;
    std::string_view shape;  // "SIZE", for the help
    std::string_view help;
    std::vector<std::string_view> keys;  // of the arguments
    void (*run)(EditSession& session, const EditStep& step) = nullptr;
};

const std::vector<Operation>& operations();
// Throws usage with a similar name when there is none.
const Operation& require_operation(const EditStep& step);

// "front,type=virtio" of an option; `origin` is for messages. Throws usage.
EditStep parse_step(const Operation& operation, const std::string& text, std::string origin);
std::vector<EditStep> parse_script(std::string_view yaml, const std::string& name);

// For the operations.
std::string argument(const EditStep& step, std::string_view key, std::string fallback = "");
bool flag_argument(const EditStep& step, std::string_view key);

// The operations themselves, by subject.
void set_name(EditSession& session, const EditStep& step);
void set_annotation(EditSession& session, const EditStep& step);
void set_eula(EditSession& session, const EditStep& step);
void set_product(EditSession& session, const EditStep& step);
void set_property(EditSession& session, const EditStep& step);
void add_property(EditSession& session, const EditStep& step);
void remove_property(EditSession& session, const EditStep& step);
void set_profile(EditSession& session, const EditStep& step);
void set_cpus(EditSession& session, const EditStep& step);
void set_memory(EditSession& session, const EditStep& step);
void add_network(EditSession& session, const EditStep& step);
void change_network_name(EditSession& session, const EditStep& step);
void remove_network(EditSession& session, const EditStep& step);
void set_nic(EditSession& session, const EditStep& step);
void add_nic(EditSession& session, const EditStep& step);
void remove_nic(EditSession& session, const EditStep& step);
void set_disk(EditSession& session, const EditStep& step);
void add_disk(EditSession& session, const EditStep& step);
void remove_disk(EditSession& session, const EditStep& step);
void add_file(EditSession& session, const EditStep& step);
void remove_file(EditSession& session, const EditStep& step);
void add_machine(EditSession& session, const EditStep& step);
void remove_machine(EditSession& session, const EditStep& step);

}  // namespace ovfkit::edit
