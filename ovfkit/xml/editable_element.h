// SPDX-License-Identifier: Apache-2.0
// An element of a document that is edited as text: everything keeps the bytes it was read with
// (white space, quotes, prefixes, comments) until it is changed itself. What is added gets prefixes
// that the document binds already, and the indentation of its neighbours. Owned by its parent or
// the document; a pointer is valid until the element or one above it is removed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ovfkit::xml {

struct EditableAttribute {
    std::string lead;    // the white space before it
    std::string name;    // "ovf:id"
    std::string equals;  // "=", with what stands around it
    char quote = '"';
    std::string raw;  // the value as written, escaped
};

class EditableElement;

struct EditableNode {
    enum class Kind { element, text, cdata, other };  // other: comments, processing instructions
    Kind kind = Kind::text;
    std::string raw;  // of all but elements
    std::unique_ptr<EditableElement> element;
};

class EditableElement {
  public:
    EditableElement(std::string name, EditableElement* parent)
        : name_(std::move(name)), parent_(parent) {}
    EditableElement(const EditableElement&) = delete;
    EditableElement& operator=(const EditableElement&) = delete;

    const std::string& name() const { return name_; }
    std::string local_name() const;
    std::string namespace_uri() const;
    EditableElement* parent() const { return parent_; }
    EditableElement& root();

    std::vector<EditableElement*> children() const;
    std::vector<EditableElement*> children(std::string_view local) const;
    EditableElement* find_child(std::string_view local) const;  // nullptr: there is none
    // As Element::find_attribute of document.h.
    std::optional<std::string> find_attribute(std::string_view local) const;
    std::optional<std::string> find_attribute(std::string_view uri, std::string_view local) const;
    std::string text() const;  // what stands directly inside, trimmed

    // Changes the attribute that find_attribute(local) finds; else adds one of the element's own
    // namespace.
    void set_attribute(std::string_view local, std::string_view value);
    void set_attribute(std::string_view uri, std::string_view local, std::string_view value);
    void remove_attribute(std::string_view local);
    // Replaces all character data; comments stay.
    void set_text(std::string_view value);
    // Only the text of the last name; the namespace stays.
    void rename(std::string_view local);

    // A new element behind `after`, which is a child; nullptr: before all children.
    EditableElement& add_child_after(const EditableElement* after, std::string_view uri,
                                     std::string_view local);
    EditableElement& add_last_child(std::string_view uri, std::string_view local);
    // A copy of `source`, of this or another document: prefixes that mean something else here, or
    // nothing, are bound anew.
    EditableElement& add_copy_after(const EditableElement* after, const EditableElement& source);
    EditableElement& add_last_copy(const EditableElement& source);
    // With the line it stands on.
    void remove_child(EditableElement& child);

    // What `prefix` means here; nothing when it is not bound.
    std::optional<std::string> find_binding(std::string_view prefix) const;
    // A prefix for the namespace that is bound here; bound at the root when there is none.
    std::string require_prefix(std::string_view uri, bool may_be_empty);

    void append_to(std::string& out) const;

  private:
    friend class EditableParser;
    friend class EditableDocument;

    // Into attributes_; its size: there is none.
    std::size_t search_attribute(std::string_view local) const;
    std::size_t search_attribute(std::string_view uri, std::string_view local) const;
    std::optional<std::string> value_at(std::size_t index) const;
    void put_value(std::size_t index, std::string_view value);
    std::string attribute_uri(const EditableAttribute& attribute) const;
    void add_attribute(std::string name, std::string_view value);
    std::string name_of_new_attribute(std::string_view local);
    bool writes_plain_attributes() const;
    EditableElement& insert_after(const EditableElement* after,
                                  std::unique_ptr<EditableElement> element);
    std::size_t index_of(const EditableElement& child) const;
    std::string indentation() const;  // line end and blanks before it; empty: it shares a line
    std::string indentation_of_children() const;
    std::unique_ptr<EditableElement> copy_below(EditableElement* parent) const;
    void bind_foreign(const EditableElement& source_top, const EditableElement& source,
                      EditableElement& copy_top);
    void bind_prefix(const EditableElement& source, std::string_view prefix,
                     EditableElement& copy_top);
    void shift_lines(std::string_view from, std::string_view to);

    std::string name_;
    EditableElement* parent_;
    std::vector<EditableAttribute> attributes_;
    std::string tail_;  // of the start tag, before ">" or "/>"
    bool is_empty_ = true;
    std::vector<EditableNode> nodes_;
    std::string end_tail_;  // of the end tag, before ">"
};

}  // namespace ovfkit::xml
