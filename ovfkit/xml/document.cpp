// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/xml/document.h"

#include <algorithm>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "base/error.h"
#include "ovfkit/xml/names.h"
#include "ovfkit/xml/scan.h"
#include "ovfkit/xml/text_encoding.h"

namespace ovfkit::xml {

namespace {

struct Binding {
    std::string_view prefix;  // empty: the default namespace
    std::string_view uri;
};

class TreeBuilder {
  public:
    TreeBuilder(const LineIndex& lines, const std::string& name) : lines_(lines), name_(name) {}

    // Recursion is as deep as the document: check_text() has limited that.
    Element build(const pugi::xml_node& node) {
        const std::size_t bindings_before = bindings_.size();
        Element element;
        element.place = place_of(node);
        if (++count_ > kMaxElements) {
            fail(element.place, fmt::format("there are more than {} elements", kMaxElements));
        }
        bind_namespaces(node);
        const auto [prefix, local] = split_name(node.name());
        element.namespace_uri = uri_of(prefix);
        count_namespace(element.namespace_uri, element.place);
        element.local_name = local;
        add_attributes(element, node);
        for (const pugi::xml_node& child : node.children()) {
            if (child.type() == pugi::node_element) {
                element.children.push_back(build(child));
            } else if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
                element.text += child.value();
            }
        }
        bindings_.resize(bindings_before);
        return element;
    }

  private:
    [[noreturn]] void fail(Place place, const std::string& message) const {
        fail_at(name_, place, message);
    }

    // offset_debug() is where the name begins, after the "<".
    Place place_of(const pugi::xml_node& node) const {
        const auto offset = node.offset_debug();
        return lines_.place_at(offset > 0 ? static_cast<std::size_t>(offset) - 1 : 0);
    }

    void count_namespace(const std::string& uri, Place place) {
        namespace_bytes_ += uri.size();
        if (namespace_bytes_ > kMaxNamespaceBytes) {
            fail(place, fmt::format("the namespaces of all names are longer than {} bytes together",
                                    kMaxNamespaceBytes));
        }
    }

    void bind_namespaces(const pugi::xml_node& node) {
        for (const pugi::xml_attribute& attribute : node.attributes()) {
            const std::string_view name = attribute.name();
            if (name == "xmlns") {
                bindings_.push_back({"", attribute.value()});
            } else if (name.starts_with("xmlns:")) {
                bindings_.push_back({name.substr(6), attribute.value()});
            }
        }
    }

    // A prefix that nothing binds is an error of the writer that the field makes: it gets a
    // namespace of its own, which equals none.
    std::string uri_of(std::string_view prefix) const {
        for (auto binding = bindings_.rbegin(); binding != bindings_.rend(); ++binding) {
            if (binding->prefix == prefix) {
                return std::string(binding->uri);
            }
        }
        if (prefix == "xml") {
            return std::string(kXmlNamespace);
        }
        return prefix.empty() ? "" : std::string(kUnbound) + std::string(prefix);
    }

    void add_attributes(Element& element, const pugi::xml_node& node) {
        int count = 0;
        for (const pugi::xml_attribute& attribute : node.attributes()) {
            const std::string_view name = attribute.name();
            if (++count > kMaxAttributes) {
                fail(element.place, fmt::format("element '{}' has more than {} attributes",
                                                element.local_name, kMaxAttributes));
            }
            if (name == "xmlns" || name.starts_with("xmlns:")) {
                continue;
            }
            const auto [prefix, local] = split_name(name);
            const std::string uri = prefix.empty() ? "" : uri_of(prefix);
            count_namespace(uri, element.place);
            if (element.find_attribute(uri, local)) {
                fail(element.place, fmt::format("element '{}' has the attribute '{}' twice",
                                                element.local_name, name));
            }
            element.attributes.push_back({uri, std::string(local), attribute.value()});
        }
    }

    const LineIndex& lines_;
    const std::string& name_;
    std::vector<Binding> bindings_;
    int count_ = 0;
    std::uint64_t namespace_bytes_ = 0;
};

}  // namespace

std::optional<std::string_view> Element::find_attribute(std::string_view local) const {
    std::optional<std::string_view> found;
    int best = 0;
    for (const Attribute& attribute : attributes) {
        const int rank = attribute_rank(attribute.namespace_uri, namespace_uri);
        if (attribute.local_name == local && rank > best) {
            best = rank;
            found = attribute.value;
        }
    }
    return found;
}

std::optional<std::string_view> Element::find_attribute(std::string_view uri,
                                                        std::string_view local) const {
    for (const Attribute& attribute : attributes) {
        if (attribute.local_name == local && attribute.namespace_uri == uri) {
            return attribute.value;
        }
    }
    return std::nullopt;
}

const Element* Element::find_child(std::string_view local) const {
    const auto found = std::find_if(children.begin(), children.end(), [&](const Element& child) {
        return child.local_name == local;
    });
    return found == children.end() ? nullptr : &*found;
}

std::string_view Element::trimmed_text() const {
    return trimmed(text);
}

bool Element::operator==(const Element& other) const {
    return local_name == other.local_name && namespace_uri == other.namespace_uri &&
           attributes == other.attributes && trimmed_text() == other.trimmed_text() &&
           children == other.children;
}

Element parse_document(std::string_view text, const std::string& name) {
    if (text.size() > kMaxBytes) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("{}: XML text of {} bytes is over the limit of {} bytes",
                                      name, text.size(), kMaxBytes));
    }
    std::string utf8 = to_utf8(text, name);
    const LineIndex lines(utf8);
    check_text(utf8, lines, name);
    // Beyond this point: no DTD, no entities of its own, nesting within the limit.
    pugi::xml_document document;
    const pugi::xml_parse_result result = document.load_buffer_inplace(
        utf8.data(), utf8.size(), pugi::parse_default, pugi::encoding_utf8);
    if (!result) {
        fail_at(name,
                lines.place_at(static_cast<std::size_t>(std::max(result.offset, ptrdiff_t{0}))),
                fmt::format("not well-formed XML: {}", result.description()));
    }
    return TreeBuilder(lines, name).build(document.document_element());
}

}  // namespace ovfkit::xml
