// SPDX-License-Identifier: Apache-2.0
// Adding, copying and removing elements: where they go in the lines of the text, and which
// prefixes they need there.
#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/xml/editable_element.h"
#include "ovfkit/xml/escape.h"
#include "ovfkit/xml/names.h"

namespace ovfkit::xml {

namespace {

bool is_blank(const EditableNode& node) {
    return node.kind == EditableNode::Kind::text &&
           node.raw.find_first_not_of(" \t\r\n") == std::string::npos;
}

// Where the last line end of a blank text begins; npos when it has none.
std::size_t last_line_end(const std::string& blank) {
    const std::size_t end = blank.rfind('\n');
    return end != std::string::npos && end > 0 && blank[end - 1] == '\r' ? end - 1 : end;
}

}  // namespace

std::size_t EditableElement::index_of(const EditableElement& child) const {
    const auto found = std::find_if(nodes_.begin(), nodes_.end(), [&](const EditableNode& node) {
        return node.element.get() == &child;
    });
    if (found == nodes_.end()) {
        base::unreachable("an element that is not a child of this one");
    }
    return static_cast<std::size_t>(found - nodes_.begin());
}

std::string EditableElement::indentation() const {
    if (parent_ == nullptr) {
        return "\n";
    }
    const std::size_t index = parent_->index_of(*this);
    if (index == 0 || !is_blank(parent_->nodes_[index - 1])) {
        return "";
    }
    const std::string& blank = parent_->nodes_[index - 1].raw;
    const std::size_t line_end = last_line_end(blank);
    return line_end == std::string::npos ? "" : blank.substr(line_end);
}

std::string EditableElement::indentation_of_children() const {
    for (const EditableElement* child : children()) {
        const std::string lead = child->indentation();
        if (!lead.empty()) {
            return lead;
        }
    }
    const std::string own = indentation();
    if (!children().empty() || own.empty()) {
        return "";  // everything stands on one line
    }
    // One step is what the parent's children have more than the parent.
    const std::string above = parent_ == nullptr ? "" : parent_->indentation();
    const bool known = parent_ != nullptr && own.size() > above.size() && own.starts_with(above);
    return own + (known ? own.substr(above.size()) : "  ");
}

EditableElement& EditableElement::insert_after(const EditableElement* after,
                                               std::unique_ptr<EditableElement> element) {
    using Kind = EditableNode::Kind;
    const std::string lead = indentation_of_children();
    const bool was_bare = children().empty();
    std::size_t at = 0;
    if (after != nullptr) {
        at = index_of(*after) + 1;
        // A comment on the same line belongs to the element before it.
        while (at + 1 < nodes_.size() && is_blank(nodes_[at]) &&
               nodes_[at].raw.find('\n') == std::string::npos &&
               nodes_[at + 1].kind == Kind::other) {
            at += 2;
        }
    }
    EditableElement& added = *element;
    added.parent_ = this;
    std::vector<EditableNode> fresh;
    if (!lead.empty()) {
        fresh.push_back({Kind::text, lead, nullptr});
    }
    fresh.push_back({Kind::element, "", std::move(element)});
    const bool ends_line = std::any_of(nodes_.begin(), nodes_.end(), [](const EditableNode& node) {
        return is_blank(node) && node.raw.find('\n') != std::string::npos;
    });
    if (was_bare && !lead.empty() && !ends_line) {
        fresh.push_back({Kind::text, indentation(), nullptr});
    }
    nodes_.insert(nodes_.begin() + static_cast<std::ptrdiff_t>(at),
                  std::make_move_iterator(fresh.begin()), std::make_move_iterator(fresh.end()));
    is_empty_ = false;
    return added;
}

EditableElement& EditableElement::add_child_after(const EditableElement* after,
                                                  std::string_view uri, std::string_view local) {
    const std::string prefix = require_prefix(uri, true);
    const std::string name =
        prefix.empty() ? std::string(local) : fmt::format("{}:{}", prefix, local);
    return insert_after(after, std::make_unique<EditableElement>(name, this));
}

EditableElement& EditableElement::add_last_child(std::string_view uri, std::string_view local) {
    const auto all = children();
    return add_child_after(all.empty() ? nullptr : all.back(), uri, local);
}

EditableElement& EditableElement::add_copy_after(const EditableElement* after,
                                                 const EditableElement& source) {
    EditableElement& copy = insert_after(after, source.copy_below(this));
    bind_foreign(source, source, copy);
    const std::string from = source.indentation();
    const std::string to = copy.indentation();
    if (!from.empty() && !to.empty() && from != to) {
        copy.shift_lines(from, to);
    }
    return copy;
}

EditableElement& EditableElement::add_last_copy(const EditableElement& source) {
    const auto all = children();
    return add_copy_after(all.empty() ? nullptr : all.back(), source);
}

void EditableElement::remove_child(EditableElement& child) {
    std::size_t index = index_of(child);
    nodes_.erase(nodes_.begin() + static_cast<std::ptrdiff_t>(index));
    if (index == 0 || !is_blank(nodes_[index - 1])) {
        return;
    }
    std::string& blank = nodes_[index - 1].raw;
    const bool line_goes_on = index < nodes_.size() && !is_blank(nodes_[index]);
    const std::size_t line_end = last_line_end(blank);
    if (line_end != std::string::npos && !line_goes_on) {
        blank.erase(line_end);
    }
}

std::unique_ptr<EditableElement> EditableElement::copy_below(EditableElement* parent) const {
    auto copy = std::make_unique<EditableElement>(name_, parent);
    copy->attributes_ = attributes_;
    copy->tail_ = tail_;
    copy->is_empty_ = is_empty_;
    copy->end_tail_ = end_tail_;
    for (const EditableNode& node : nodes_) {
        copy->nodes_.push_back(
            {node.kind, node.raw, node.element ? node.element->copy_below(copy.get()) : nullptr});
    }
    return copy;
}

void EditableElement::bind_prefix(const EditableElement& source, std::string_view prefix,
                                  EditableElement& copy_top) {
    const auto meaning = source.find_binding(prefix);
    if (prefix == "xml" || copy_top.find_binding(prefix) == meaning) {
        return;
    }
    const std::string name = prefix.empty() ? "xmlns" : fmt::format("xmlns:{}", prefix);
    EditableElement& top = copy_top.root();
    if (meaning && !prefix.empty() && !copy_top.find_binding(prefix)) {
        top.add_attribute(name, *meaning);  // free so far: once, at the root
    } else if (meaning || prefix.empty()) {
        copy_top.add_attribute(name, meaning.value_or(""));
    }
}

// `source` is inside of source_top; what is bound between the two came along with the copy.
void EditableElement::bind_foreign(const EditableElement& source_top, const EditableElement& source,
                                   EditableElement& copy_top) {
    const auto bound_inside = [&](std::string_view prefix) {
        const std::string name = prefix.empty() ? "xmlns" : fmt::format("xmlns:{}", prefix);
        for (const EditableElement* element = &source;; element = element->parent_) {
            for (const EditableAttribute& attribute : element->attributes_) {
                if (attribute.name == name) {
                    return true;
                }
            }
            if (element == &source_top) {
                return false;
            }
        }
    };
    const auto bind = [&](std::string_view prefix) {
        if (!bound_inside(prefix)) {
            bind_prefix(source_top, prefix, copy_top);
        }
    };
    bind(split_name(source.name_).first);
    for (const EditableAttribute& attribute : source.attributes_) {
        const auto [prefix, local] = split_name(attribute.name);
        if (prefix.empty() || prefix == "xmlns") {
            continue;
        }
        bind(prefix);
        if (local == "type") {  // xsi:type holds a name with a prefix of its own
            const std::string value = unescape(attribute.raw);
            bind(split_name(value).first);
        }
    }
    for (const EditableElement* child : source.children()) {
        bind_foreign(source_top, *child, copy_top);
    }
}

// Line starts of blank text only: a text of several lines is content.
void EditableElement::shift_lines(std::string_view from, std::string_view to) {
    for (EditableNode& node : nodes_) {
        const std::size_t line_end = is_blank(node) ? last_line_end(node.raw) : std::string::npos;
        if (line_end != std::string::npos &&
            std::string_view(node.raw).substr(line_end).starts_with(from)) {
            node.raw.replace(line_end, from.size(), to);
        }
        if (node.element) {
            node.element->shift_lines(from, to);
        }
    }
}

}  // namespace ovfkit::xml
