// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/xml/editable_element.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/xml/escape.h"
#include "ovfkit/xml/names.h"

namespace ovfkit::xml {

namespace {

bool is_binding(std::string_view attribute_name) {
    return attribute_name == "xmlns" || attribute_name.starts_with("xmlns:");
}

}  // namespace

std::string EditableElement::local_name() const {
    return std::string(split_name(name_).second);
}

std::string EditableElement::namespace_uri() const {
    const std::string_view prefix = split_name(name_).first;
    if (const auto uri = find_binding(prefix)) {
        return *uri;
    }
    return prefix.empty() ? "" : std::string(kUnbound) + std::string(prefix);
}

EditableElement& EditableElement::root() {
    EditableElement* element = this;
    while (element->parent_ != nullptr) {
        element = element->parent_;
    }
    return *element;
}

std::optional<std::string> EditableElement::find_binding(std::string_view prefix) const {
    const std::string name = prefix.empty() ? "xmlns" : "xmlns:" + std::string(prefix);
    for (const EditableElement* element = this; element != nullptr; element = element->parent_) {
        for (const EditableAttribute& attribute : element->attributes_) {
            if (attribute.name == name) {
                return unescape(attribute.raw);
            }
        }
    }
    return prefix == "xml" ? std::optional<std::string>(kXmlNamespace) : std::nullopt;
}

std::vector<EditableElement*> EditableElement::children() const {
    std::vector<EditableElement*> found;
    for (const EditableNode& node : nodes_) {
        if (node.element) {
            found.push_back(node.element.get());
        }
    }
    return found;
}

std::vector<EditableElement*> EditableElement::children(std::string_view local) const {
    std::vector<EditableElement*> found;
    for (const EditableNode& node : nodes_) {
        if (node.element && split_name(node.element->name_).second == local) {
            found.push_back(node.element.get());
        }
    }
    return found;
}

EditableElement* EditableElement::find_child(std::string_view local) const {
    const auto found = children(local);
    return found.empty() ? nullptr : found.front();
}

std::string EditableElement::attribute_uri(const EditableAttribute& attribute) const {
    const std::string_view prefix = split_name(attribute.name).first;
    if (prefix.empty()) {
        return "";
    }
    return find_binding(prefix).value_or(std::string(kUnbound) + std::string(prefix));
}

std::size_t EditableElement::search_attribute(std::string_view local) const {
    std::size_t found = attributes_.size();
    const std::string own = namespace_uri();
    int best = 0;
    for (std::size_t i = 0; i < attributes_.size(); ++i) {
        const std::string& name = attributes_[i].name;
        if (is_binding(name) || split_name(name).second != local) {
            continue;
        }
        const int rank = attribute_rank(attribute_uri(attributes_[i]), own);
        if (rank > best) {
            best = rank;
            found = i;
        }
    }
    return found;
}

std::size_t EditableElement::search_attribute(std::string_view uri, std::string_view local) const {
    const auto found = std::find_if(
        attributes_.begin(), attributes_.end(), [&](const EditableAttribute& attribute) {
            return !is_binding(attribute.name) && split_name(attribute.name).second == local &&
                   attribute_uri(attribute) == uri;
        });
    return static_cast<std::size_t>(found - attributes_.begin());
}

std::optional<std::string> EditableElement::value_at(std::size_t index) const {
    return index == attributes_.size() ? std::nullopt
                                       : std::optional(unescape(attributes_[index].raw));
}

std::optional<std::string> EditableElement::find_attribute(std::string_view local) const {
    return value_at(search_attribute(local));
}

std::optional<std::string> EditableElement::find_attribute(std::string_view uri,
                                                           std::string_view local) const {
    return value_at(search_attribute(uri, local));
}

std::string EditableElement::text() const {
    constexpr std::string_view kStart = "<![CDATA[";
    constexpr std::string_view kEnd = "]]>";
    std::string all;
    for (const EditableNode& node : nodes_) {
        if (node.kind == EditableNode::Kind::text) {
            all += unescape(node.raw);
        } else if (node.kind == EditableNode::Kind::cdata) {
            all += node.raw.substr(kStart.size(), node.raw.size() - kStart.size() - kEnd.size());
        }
    }
    return std::string(trimmed(all));
}

void EditableElement::add_attribute(std::string name, std::string_view value) {
    const std::string where = fmt::format("attribute '{}' of '{}'", name, name_);
    attributes_.push_back({" ", std::move(name), "=", '"', escape_attribute(value, where)});
}

// The field writes attributes with and without a prefix; who wrote this document, wrote it so.
bool EditableElement::writes_plain_attributes() const {
    const auto has_plain = [](const EditableElement& element) {
        return std::any_of(element.attributes_.begin(), element.attributes_.end(),
                           [](const EditableAttribute& attribute) {
                               return !is_binding(attribute.name) &&
                                      attribute.name.find(':') == std::string::npos;
                           });
    };
    if (has_plain(*this) || parent_ == nullptr) {
        return has_plain(*this);
    }
    const auto siblings = parent_->children();
    return std::any_of(siblings.begin(), siblings.end(),
                       [&](const EditableElement* sibling) { return has_plain(*sibling); });
}

std::string EditableElement::name_of_new_attribute(std::string_view local) {
    const std::string_view own_prefix = split_name(name_).first;
    const std::string uri = namespace_uri();
    if (!own_prefix.empty()) {
        return fmt::format("{}:{}", own_prefix, local);
    }
    if (uri.empty()) {
        return std::string(local);
    }
    for (const EditableElement* element = this; element != nullptr; element = element->parent_) {
        for (const EditableAttribute& attribute : element->attributes_) {
            const auto [xmlns, prefix] = split_name(attribute.name);
            if (xmlns == "xmlns" && unescape(attribute.raw) == uri && find_binding(prefix) == uri) {
                return fmt::format("{}:{}", prefix, local);
            }
        }
    }
    return writes_plain_attributes() ? std::string(local)
                                     : fmt::format("{}:{}", require_prefix(uri, false), local);
}

void EditableElement::put_value(std::size_t index, std::string_view value) {
    EditableAttribute& attribute = attributes_[index];
    if (unescape(attribute.raw) == value) {
        return;
    }
    attribute.raw =
        escape_attribute(value, fmt::format("attribute '{}' of '{}'", attribute.name, name_));
    attribute.quote = '"';
}

void EditableElement::set_attribute(std::string_view local, std::string_view value) {
    const std::size_t index = search_attribute(local);
    if (index < attributes_.size()) {
        put_value(index, value);
    } else {
        add_attribute(name_of_new_attribute(local), value);
    }
}

void EditableElement::set_attribute(std::string_view uri, std::string_view local,
                                    std::string_view value) {
    const std::size_t index = search_attribute(uri, local);
    if (index < attributes_.size()) {
        put_value(index, value);
    } else {
        add_attribute(fmt::format("{}:{}", require_prefix(uri, false), local), value);
    }
}

void EditableElement::remove_attribute(std::string_view local) {
    const std::size_t index = search_attribute(local);
    if (index < attributes_.size()) {
        attributes_.erase(attributes_.begin() + static_cast<std::ptrdiff_t>(index));
    }
}

void EditableElement::set_text(std::string_view value) {
    if (text() == value) {
        return;
    }
    std::erase_if(nodes_, [](const EditableNode& node) {
        return node.kind == EditableNode::Kind::text || node.kind == EditableNode::Kind::cdata;
    });
    nodes_.insert(nodes_.begin(),
                  EditableNode{EditableNode::Kind::text,
                               escape_text(value, fmt::format("'{}'", name_)), nullptr});
    is_empty_ = false;
}

void EditableElement::rename(std::string_view local) {
    const std::string_view prefix = split_name(name_).first;
    name_ = prefix.empty() ? std::string(local) : fmt::format("{}:{}", prefix, local);
}

std::string EditableElement::require_prefix(std::string_view uri, bool may_be_empty) {
    if (uri.starts_with(kUnbound)) {
        return std::string(uri.substr(kUnbound.size()));
    }
    if (may_be_empty && find_binding("").value_or("") == uri) {
        return "";
    }
    std::set<std::string> taken;
    for (const EditableElement* element = this; element != nullptr; element = element->parent_) {
        for (const EditableAttribute& attribute : element->attributes_) {
            const auto [xmlns, prefix] = split_name(attribute.name);
            if (xmlns != "xmlns" || prefix.empty()) {
                continue;
            }
            if (unescape(attribute.raw) == uri && find_binding(prefix) == uri) {
                return std::string(prefix);
            }
            taken.emplace(prefix);
        }
    }
    // The last word of the namespace is what people call it.
    const std::string base = [&]() -> std::string {
        if (uri == kSchemaInstanceNamespace) {
            return "xsi";
        }
        if (is_ovf_namespace(uri)) {
            return "ovf";
        }
        return uri.starts_with("urn:muster:") ? "muster" : "ns";
    }();
    std::string prefix = base;
    for (int i = 1; taken.contains(prefix); ++i) {
        prefix = fmt::format("{}{}", base, i);
    }
    root().add_attribute("xmlns:" + prefix, uri);
    return prefix;
}

void EditableElement::append_to(std::string& out) const {
    out += '<';
    out += name_;
    for (const EditableAttribute& attribute : attributes_) {
        out += attribute.lead;
        out += attribute.name;
        out += attribute.equals;
        out += attribute.quote;
        out += attribute.raw;
        out += attribute.quote;
    }
    out += tail_;
    if (is_empty_) {
        out += "/>";
        return;
    }
    out += '>';
    for (const EditableNode& node : nodes_) {
        if (node.element) {
            node.element->append_to(out);
        } else {
            out += node.raw;
        }
    }
    out += fmt::format("</{}{}>", name_, end_tail_);
}

}  // namespace ovfkit::xml
