// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/xml/editable_parser.h"

#include "base/error.h"

namespace ovfkit::xml {

namespace {

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_name(char c) {
    return !is_space(c) && c != '=' && c != '>' && c != '/' && c != '<' && c != '"' && c != '\'';
}

[[noreturn]] void fail() {
    throw base::Error(base::ErrorKind::internal, "the XML text was not checked before its editing");
}

}  // namespace

std::string_view EditableParser::take_until(std::string_view end) {
    const std::size_t found = text_.find(end, at_);
    if (found == std::string_view::npos) {
        fail();
    }
    const std::string_view taken = text_.substr(at_, found + end.size() - at_);
    at_ = found + end.size();
    return taken;
}

std::string_view EditableParser::take_while(bool (*belongs)(char)) {
    const std::size_t start = at_;
    while (at_ < text_.size() && belongs(text_[at_])) {
        ++at_;
    }
    return text_.substr(start, at_ - start);
}

void EditableParser::expect(std::string_view what) {
    if (!looking_at(what)) {
        fail();
    }
    at_ += what.size();
}

std::vector<EditableNode> EditableParser::parse() {
    std::vector<EditableNode> nodes = parse_nodes(nullptr);
    if (at_ != text_.size()) {
        fail();
    }
    return nodes;
}

// Up to the end tag of the parent, which stays.
std::vector<EditableNode> EditableParser::parse_nodes(EditableElement* parent) {
    using Kind = EditableNode::Kind;
    std::vector<EditableNode> nodes;
    while (at_ < text_.size() && !looking_at("</")) {
        if (looking_at("<!--")) {
            at_ += 4;  // "<!-->" is no whole comment
            const std::size_t start = at_ - 4;
            take_until("-->");
            nodes.push_back({Kind::other, std::string(text_.substr(start, at_ - start)), nullptr});
        } else if (looking_at("<?")) {
            nodes.push_back({Kind::other, std::string(take_until("?>")), nullptr});
        } else if (looking_at("<![CDATA[")) {
            nodes.push_back({Kind::cdata, std::string(take_until("]]>")), nullptr});
        } else if (looking_at("<")) {
            nodes.push_back({Kind::element, "", parse_element(parent)});
        } else {
            nodes.push_back(
                {Kind::text, std::string(take_while([](char c) { return c != '<'; })), nullptr});
        }
    }
    return nodes;
}

// As deep as the document: check_text() has limited that.
std::unique_ptr<EditableElement> EditableParser::parse_element(EditableElement* parent) {
    expect("<");
    auto element = std::make_unique<EditableElement>(std::string(take_while(is_name)), parent);
    while (true) {
        const std::string space(take_while(is_space));
        if (at_ >= text_.size() || looking_at("/>") || looking_at(">")) {
            element->tail_ = space;
            break;
        }
        EditableAttribute attribute = parse_attribute();
        attribute.lead = space;
        element->attributes_.push_back(std::move(attribute));
    }
    if (looking_at("/>")) {
        at_ += 2;
        return element;
    }
    expect(">");
    element->is_empty_ = false;
    element->nodes_ = parse_nodes(element.get());
    expect("</");
    expect(element->name_);
    element->end_tail_ = take_while(is_space);
    expect(">");
    return element;
}

EditableAttribute EditableParser::parse_attribute() {
    EditableAttribute attribute;
    attribute.name = take_while(is_name);
    attribute.equals = take_while(is_space);
    expect("=");
    attribute.equals += '=';
    attribute.equals += take_while(is_space);
    if (attribute.name.empty() || !(looking_at("\"") || looking_at("'"))) {
        fail();
    }
    attribute.quote = text_[at_++];
    attribute.raw = take_until(std::string_view(&attribute.quote, 1));
    attribute.raw.pop_back();
    return attribute;
}

}  // namespace ovfkit::xml
