// SPDX-License-Identifier: Apache-2.0
// A descriptor as editable text that knows OVF's sections: finds and makes them in the vocabulary
// of the document's own version (OVF 0.9 writes <Section xsi:type="…">, OVF 1 and 2 name them).
// What nobody changes keeps its bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ovfkit/xml/editable_document.h"

namespace ovfkit::edit {

using xml::EditableElement;

enum class Dialect { ovf09, ovf1, ovf2 };

class DescriptorDocument {
  public:
    // Throws invalid_input when the text is not XML, or no envelope with a virtual system.
    DescriptorDocument(std::string_view text, std::string name);

    const std::string& name() const { return name_; }
    std::string text() const { return document_.text(); }
    Dialect dialect() const { return dialect_; }
    std::string ovf_namespace() const { return envelope().namespace_uri(); }

    EditableElement& envelope() { return document_.root(); }
    const EditableElement& envelope() const { return document_.root(); }
    // The outermost virtual system or collection.
    EditableElement& content() const;

    // Every virtual system, in the order of the descriptor.
    std::vector<EditableElement*> systems() const;
    std::vector<EditableElement*> collections() const;
    EditableElement* find_system(std::string_view id) const;
    EditableElement& require_system(std::string_view id) const;  // not_found names those there are

    // "VirtualSystem", "DiskSection", …: what an element is in any version.
    static std::string kind_of(const EditableElement& element);
    static bool is_system(const EditableElement& element);
    static bool is_collection(const EditableElement& element);
    std::vector<EditableElement*> sections(const EditableElement& owner,
                                           std::string_view kind) const;
    EditableElement* find_section(const EditableElement& owner, std::string_view kind) const;
    // Found, or made where the schema wants it, with this Info.
    EditableElement& obtain_section(EditableElement& owner, std::string_view kind,
                                    std::string_view info);
    EditableElement& add_section(EditableElement& owner, std::string_view kind,
                                 std::string_view info);
    // A child of `owner`: found, or made behind those of its siblings that are in `before`.
    EditableElement& obtain_child(EditableElement& owner, std::string_view local,
                                  const std::vector<std::string_view>& before);
    // The text of a child; a message id, which would outrank the text, goes.
    void set_child_text(EditableElement& owner, std::string_view local, std::string_view text,
                        const std::vector<std::string_view>& before);
    // The same for a name in an element of content, in any version.
    EditableElement& add_content(EditableElement& owner, std::string_view kind, std::string_view id,
                                 std::string_view info);

    // Files, disks and networks of the envelope.
    std::vector<EditableElement*> files() const;
    std::vector<EditableElement*> disks() const;
    std::vector<EditableElement*> networks() const;
    EditableElement* find_file(std::string_view id) const;
    EditableElement* find_disk(std::string_view id) const;
    EditableElement* find_network(std::string_view name) const;

    // Every element of the document, the envelope first.
    std::vector<EditableElement*> all_elements() const;

  private:
    std::string name_;
    xml::EditableDocument document_;
    Dialect dialect_;
};

std::string attribute_of(const EditableElement& element, std::string_view local);
std::vector<std::string> ids_of(const std::vector<EditableElement*>& elements,
                                std::string_view attribute);
bool contains(const std::vector<std::string>& words, const std::string& word);
// "web", "web-2", "web-3", …: the first that is not among `taken`.
std::string free_name(const std::string& wanted, const std::vector<std::string>& taken);

}  // namespace ovfkit::edit
