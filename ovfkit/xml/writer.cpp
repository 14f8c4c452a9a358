// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/xml/writer.h"

#include <cassert>

#include <fmt/format.h>

#include "ovfkit/xml/escape.h"

namespace ovfkit::xml {

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
    out_ += fmt::format(" {}=\"{}\"", name, escape_attribute(value, where));
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
    out_ += escape_text(value, fmt::format("element '{}'", open_.back()));
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
