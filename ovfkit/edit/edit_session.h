// SPDX-License-Identifier: Apache-2.0
// One editing of one descriptor: steps are applied in order to its text, which otherwise keeps its
// bytes. What follows for the package (files that come, go or are renamed) is collected, and done
// by edit_package(). The steps are listed in edit_steps.h.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ovfkit/descriptor/envelope.h"
#include "ovfkit/edit/descriptor_document.h"

namespace ovfkit::edit {

struct EditStep {
    std::string operation;                         // "cpus", "add-nic"
    std::string value;                             // "4"; empty when there are arguments
    std::map<std::string, std::string> arguments;  // network=front
    std::string origin;                            // for messages: "--cpus", "changes.yaml:3:5"
};

// A file of the user's that becomes a member.
struct AddedFile {
    std::string path;
    std::string member;
};

// Another package whose members come along under these names.
struct GraftedPackage {
    std::string location;
    std::map<std::string, std::string> members;  // its name to ours
    std::string descriptor_text;                 // as read before: must not have changed
};

// A disk of the user's, ready to be a member.
struct PreparedDisk {
    std::string path;
    std::optional<std::uint64_t> bytes;
    std::uint64_t capacity_bytes = 0;
    std::optional<std::uint64_t> populated_bytes;
};

// What a session needs from outside; each may be empty, then steps that need it are refused.
struct EditSurroundings {
    // The capacity that a disk's file itself says; nothing when that cannot be known.
    std::function<std::optional<std::uint64_t>(const FileReference& file)> content_capacity;
    // Encodes an image of any format as a streamOptimized VMDK; takes one that is complete as it
    // is.
    std::function<PreparedDisk(const std::string& path, const std::string& member)> prepare_disk;
    // The content of a disk of the package, encoded again with more room at its end.
    std::function<PreparedDisk(const std::string& disk, std::uint64_t capacity_bytes,
                               const std::string& member)>
        grow_disk;
    // The descriptor of another package: name and text.
    std::function<std::pair<std::string, std::string>(const std::string& location)> read_descriptor;
    // What the manifest of a package says of its members, "" for the edited one: name to digest
    // with its algorithm. Empty when there is none or it cannot be looked at beforehand; the
    // members are compared with it when the package is written.
    std::function<std::map<std::string, std::string>(const std::string& location)> read_digests;
};

class EditSession {
  public:
    EditSession(std::string_view text, const std::string& name, EditSurroundings surroundings);

    // Throws usage, not_found or invalid_input; the session is of no use afterwards.
    void apply(const EditStep& step);
    // The new text. Throws invalid_input when the steps made a valid descriptor invalid.
    std::string finish() const;

    const std::vector<std::string>& notes() const { return notes_; }
    const std::set<std::string>& removed_members() const { return removed_members_; }
    const std::vector<AddedFile>& added_files() const { return added_files_; }
    const std::vector<GraftedPackage>& grafted() const { return grafted_; }

    // For the steps.
    DescriptorDocument& document() { return document_; }
    const EditSurroundings& surroundings() const { return surroundings_; }
    const std::string& configuration() const { return configuration_; }
    // The selected machine; the only one; else a usage error that lists them.
    EditableElement& machine();
    // The selected machine; else the outermost system or collection.
    EditableElement& machine_or_top();
    bool has_selection() const { return selected_ != nullptr; }
    void select_system(const std::string& id);
    void select_configuration(const std::string& id);
    void forget_selection() { selected_ = nullptr; }
    void note(std::string text) { notes_.push_back(std::move(text)); }
    void add_file(AddedFile file);
    // The member that an href of the descriptor names.
    void remove_member(const std::string& href);
    void add_grafted(GraftedPackage package);
    // Members of another package whose bytes are those of one that is here: their names to ours.
    std::map<std::string, std::string> find_same_members(const std::string& location);
    // Every member name in use, so that a new one can be chosen.
    std::vector<std::string> member_names() const;

  private:
    std::string original_;
    std::string name_;
    DescriptorDocument document_;
    EditSurroundings surroundings_;
    EditableElement* selected_ = nullptr;
    std::string configuration_;
    std::vector<std::string> notes_;
    std::set<std::string> removed_members_;
    std::vector<AddedFile> added_files_;
    std::vector<GraftedPackage> grafted_;
    std::optional<std::map<std::string, std::string>> digests_;  // digests to members here
};

}  // namespace ovfkit::edit
