// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/xml/writer.h"

#include <cassert>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/xml/text_encoding.h"

namespace ovfkit::xml {

namespace {

std::string_view escape_of(char c, bool in_attribute) {
    switch (c) {
        case '&': return "&amp;";
        case '<': return "&lt;";
        case '>': return "&gt;";
        case '\r': return "&#13;";
        case '"': return in_attribute ? "&quot;" : "";
        case '\n': return in_attribute ? "&#10;" : "";
        case '\t': return in_attribute ? "&#9;" : "";
        default: return "";
    }
}

std::string escaped(std::string_view value, bool in_attribute, std::string_view where) {
    std::string out;
    out.reserve(value.size());
    for (std::size_t i = 0; i < value.size();) {
        const auto c = decode_utf8(value, i);
        if (!c || !is_xml_char(c->code)) {
            throw base::Error(
                base::ErrorKind::invalid_input,
                fmt::format("{}: byte {} (0x{:02x}) of the value cannot be written to XML", where,
                            i + 1, static_cast<unsigned char>(value[i])),
                "XML holds UTF-8 text without control characters; encode the value, for example "
                "in base64");
        }
        const std::string_view escape = c->length == 1 ? escape_of(value[i], in_attribute) : "";
        out += escape.empty() ? value.substr(i, c->length) : escape;
        i += c->length;
    }
    return out;
}

}  // namespace

Writer::Writer() : out_("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n") {
}

void Writer::end_of_start_tag() {
    if (in_start_tag_) {
        out_ += ">";
        in_start_tag_ = false;
    }
}

void Writer::open(std::string_view name) {
    if (!open_.empty()) {
        end_of_start_tag();
        out_ += '\n';
    }
    out_.append(2 * open_.size(), ' ');
    out_ += '<';
    out_ += name;
    open_.emplace_back(name);
    in_start_tag_ = true;
    has_children_ = false;
}

void Writer::attribute(std::string_view name, std::string_view value) {
    assert(in_start_tag_);
    const std::string where = fmt::format("attribute '{}' of '{}'", name, open_.back());
    out_ += fmt::format(" {}=\"{}\"", name, escaped(value, true, where));
}

void Writer::attribute(std::string_view name, std::uint64_t value) {
    attribute(name, std::string_view(std::to_string(value)));
}

void Writer::flag(std::string_view name, bool value) {
    attribute(name, std::string_view(value ? "true" : "false"));
}

void Writer::text(std::string_view value) {
    assert(!open_.empty());
    end_of_start_tag();
    out_ += escaped(value, false, fmt::format("element '{}'", open_.back()));
}

void Writer::close() {
    assert(!open_.empty());
    const std::string name = std::move(open_.back());
    open_.pop_back();
    if (in_start_tag_) {
        out_ += "/>";
        in_start_tag_ = false;
    } else {
        if (has_children_) {
            out_ += '\n';
            out_.append(2 * open_.size(), ' ');
        }
        out_ += "</" + name + ">";
    }
    has_children_ = true;
}

void Writer::element(std::string_view name, std::string_view value) {
    open(name);
    if (!value.empty()) {
        text(value);
    }
    close();
}

void Writer::element(std::string_view name, std::uint64_t value) {
    element(name, std::string_view(std::to_string(value)));
}

std::string Writer::finish() {
    assert(open_.empty());
    out_ += '\n';
    return std::move(out_);
}

}  // namespace ovfkit::xml
