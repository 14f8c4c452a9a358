// SPDX-License-Identifier: Apache-2.0
// An element: line, column, namespace, local name, text, the number of attributes and they
// (namespace, local name, value), the number of children and they. Numbers have seven bits a byte,
// the lowest first; a text is its length and its bytes. A namespace is the number of one that was
// named before, or the next free number and its text.
#include "ovfkit/xml/tree_codec.h"

#include <cstdint>
#include <limits>
#include <unordered_map>

#include "base/error.h"
#include "ovfkit/xml/text_encoding.h"

namespace ovfkit::xml {

namespace {

class Encoder {
  public:
    // Recursion is as deep as the tree, which parse_document() has limited.
    void add(const Element& element) {
        number(static_cast<std::uint64_t>(element.place.line));
        number(static_cast<std::uint64_t>(element.place.column));
        namespace_uri(element.namespace_uri);
        text(element.local_name);
        text(element.text);
        number(element.attributes.size());
        for (const Attribute& attribute : element.attributes) {
            namespace_uri(attribute.namespace_uri);
            text(attribute.local_name);
            text(attribute.value);
        }
        number(element.children.size());
        for (const Element& child : element.children) {
            add(child);
        }
    }
    std::string finish() { return std::move(out_); }

  private:
    void number(std::uint64_t value) {
        while (value >= 0x80) {
            out_ += static_cast<char>((value & 0x7fU) | 0x80U);
            value >>= 7U;
        }
        out_ += static_cast<char>(value);
    }
    void text(std::string_view value) {
        number(value.size());
        out_ += value;
    }
    void namespace_uri(const std::string& uri) {
        const auto [known, is_new] = namespaces_.emplace(uri, namespaces_.size());
        number(known->second);
        if (is_new) {
            text(uri);
        }
    }

    std::string out_;
    std::unordered_map<std::string, std::size_t> namespaces_;
};

[[noreturn]] void fail(const char* what) {
    throw base::Error(base::ErrorKind::invalid_input, std::string("an encoded tree ") + what,
                      "if the file is not an attack, report this as a bug of muster");
}

void check_text(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte >= 0x20 && byte < 0x7f) {
            ++i;
            continue;
        }
        const auto c = decode_utf8(text, i);
        if (!c || !is_xml_char(c->code)) {
            fail("has a text with a character that XML cannot have");
        }
        i += c->length;
    }
}

class Decoder {
  public:
    explicit Decoder(std::string_view bytes) : rest_(bytes) {}

    Element element(int depth) {
        if (depth > kMaxDepth || ++elements_ > kMaxElements) {
            fail("is over the limits");
        }
        Element element;
        element.place.line = place_number();
        element.place.column = place_number();
        element.namespace_uri = namespace_uri();
        element.local_name = text();
        element.text = text();
        // Nothing is reserved: a count is believed as far as there are bytes.
        const std::uint64_t attributes = number();
        if (attributes > kMaxAttributes) {
            fail("is over the limits");
        }
        for (std::uint64_t i = 0; i < attributes; ++i) {
            Attribute attribute;
            attribute.namespace_uri = namespace_uri();
            attribute.local_name = text();
            attribute.value = text();
            element.attributes.push_back(std::move(attribute));
        }
        const std::uint64_t children = number();
        for (std::uint64_t i = 0; i < children; ++i) {
            element.children.push_back(this->element(depth + 1));
        }
        return element;
    }
    void expect_end() const {
        if (!rest_.empty()) {
            fail("goes on after its end");
        }
    }

  private:
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 63; shift += 7) {
            if (rest_.empty()) {
                fail("ends too early");
            }
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
            if (byte < 0x80) {
                return value;
            }
        }
        fail("has a number that is too long");
    }
    int place_number() {
        const std::uint64_t value = number();
        if (value > static_cast<std::uint64_t>(std::numeric_limits<int>::max())) {
            fail("has an element at an impossible place");
        }
        return static_cast<int>(value);
    }
    std::string text() {
        const std::uint64_t length = number();
        if (length > rest_.size()) {
            fail("ends too early");
        }
        const std::string_view value = rest_.substr(0, length);
        check_text(value);
        rest_.remove_prefix(length);
        return std::string(value);
    }
    const std::string& namespace_uri() {
        const std::uint64_t index = number();
        if (index > namespaces_.size()) {
            fail("names a namespace that it has not");
        }
        if (index == namespaces_.size()) {
            namespaces_.push_back(text());
        }
        copied_ += namespaces_[index].size();
        if (copied_ > kMaxNamespaceBytes) {
            fail("is over the limits");
        }
        return namespaces_[index];
    }

    std::string_view rest_;
    std::vector<std::string> namespaces_;
    std::uint64_t copied_ = 0;
    int elements_ = 0;
};

}  // namespace

std::string encode_tree(const Element& root) {
    Encoder encoder;
    encoder.add(root);
    return encoder.finish();
}

Element decode_tree(std::string_view bytes) {
    Decoder decoder(bytes);
    Element root = decoder.element(1);
    decoder.expect_end();
    return root;
}

}  // namespace ovfkit::xml
