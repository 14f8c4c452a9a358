// SPDX-License-Identifier: Apache-2.0
// XML as servers configure themselves with it: an element is a node of its local name with its text
// as value, an attribute a node "@name". Read here and not by ovfkit/xml/: the place of every value
// is needed, old files have a DOCTYPE (skipped; its entities are not known), and damage must not
// lose what stands before it. No foreign code sees the text.
#include <algorithm>

#include "assembler/introspect/plugin/lens/lens_output.h"

namespace assembler::plugin {

namespace {

std::string_view local_name(std::string_view name) {
    const std::size_t colon = name.rfind(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

char entity_char(std::string_view name) {
    constexpr std::pair<std::string_view, char> kEntities[] = {
        {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}, {"#58", ':'}};
    for (const auto& [entity, c] : kEntities) {
        if (entity == name) {
            return c;
        }
    }
    return '\0';
}

class XmlReader {
  public:
    explicit XmlReader(LensOutput& out) : out_(out), text_(out.text()) {}

    void read() {
        open_.push_back({out_.under(), "", {}});
        while (at_ < text_.size()) {
            if (text_[at_] != '<') {
                const std::size_t end = std::min(text_.find('<', at_), text_.size());
                append_text(at_, end);
                at_ = end;
            } else if (looking_at("<!--")) {
                skip_past("-->");
            } else if (looking_at("<![CDATA[")) {
                const std::size_t begin = at_ + 9;
                skip_past("]]>");
                open_.back().text.append(out_.source(), begin,
                                         std::max(at_ - begin, std::size_t{3}) - 3);
            } else if (looking_at("<!DOCTYPE")) {
                skip_doctype();
            } else if (looking_at("<?")) {
                skip_past("?>");
            } else if (looking_at("</")) {
                close();
            } else {
                read_start();
            }
        }
        if (open_.size() > 1) {
            out_.add_problem(text_.size() - 1, "element '" + open_.back().name + "' is not closed");
        }
        while (open_.size() > 1) {
            pop();
        }
    }

  private:
    struct Open {
        NodeId node;
        std::string name;
        TracedText text;
    };

    bool looking_at(std::string_view what) const { return text_.substr(at_).starts_with(what); }

    void skip_past(std::string_view what) {
        const std::size_t found = text_.find(what, at_);
        if (found == std::string_view::npos) {
            out_.add_problem(at_, "no \"" + std::string(what) + "\" follows");
            at_ = text_.size();
        } else {
            at_ = found + what.size();
        }
    }

    void skip_doctype() {
        int brackets = 0;
        for (; at_ < text_.size(); ++at_) {
            brackets += text_[at_] == '[' ? 1 : text_[at_] == ']' ? -1 : 0;
            if (text_[at_] == '>' && brackets <= 0) {
                ++at_;
                return;
            }
        }
    }

    // With its entities resolved.
    void append_to(TracedText& value, std::size_t begin, std::size_t end) const {
        while (begin < end) {
            const std::size_t amp = std::min(text_.find('&', begin), end);
            value.append(out_.source(), begin, amp - begin);
            begin = amp;
            if (amp == end) {
                break;
            }
            constexpr std::size_t kLongest = 8;
            const std::string_view entity =
                text_.substr(amp + 1, std::min(kLongest, end - amp - 1));
            const std::size_t semicolon = std::min(entity.find(';'), entity.size());
            const char c =
                semicolon < entity.size() ? entity_char(entity.substr(0, semicolon)) : '\0';
            if (c != '\0') {
                value.append_made_up(std::string_view(&c, 1));
                begin = amp + semicolon + 2;
            } else {
                value.append(out_.source(), amp, 1);
                begin = amp + 1;
            }
        }
    }

    void append_text(std::size_t begin, std::size_t end) {
        if (open_.size() > 1 && open_.back().text.text().size() <= ConfigTree::kMaxValueBytes) {
            append_to(open_.back().text, begin, end);
        }
    }

    void pop() {
        const TracedText value = open_.back().text.trimmed();
        if (!value.empty()) {
            out_.add_value(open_.back().node, value);
        }
        open_.pop_back();
    }

    void close() {
        const std::size_t begin = at_ + 2;
        skip_past(">");
        const std::string_view name = text_.substr(begin, std::max(at_, begin + 1) - begin - 1);
        const std::string_view wanted = name.substr(0, name.find_first_of(" \t\r\n"));
        // Up to the one it closes; none: it is left.
        const auto found = std::find_if(open_.rbegin(), open_.rend() - 1,
                                        [&](const Open& open) { return open.name == wanted; });
        if (found == open_.rend() - 1) {
            out_.add_problem(begin, "an end tag has no beginning");
            return;
        }
        if (found != open_.rbegin()) {
            out_.add_problem(begin, "element '" + open_.back().name + "' is not closed");
        }
        const auto depth = static_cast<std::size_t>(open_.rend() - found) - 1;
        while (open_.size() > depth) {
            pop();
        }
    }

    std::string_view read_name() {
        const std::size_t begin = at_;
        while (at_ < text_.size() && !is_space(text_[at_]) &&
               std::string_view("=/><\"'").find(text_[at_]) == std::string_view::npos) {
            ++at_;
        }
        return text_.substr(begin, at_ - begin);
    }

    void read_start() {
        const std::size_t begin = at_++;
        const std::string_view name = read_name();
        if (name.empty()) {
            out_.add_problem(begin, "\"<\" begins no element");
            return;
        }
        const NodeId node = out_.add(open_.back().node, local_name(name), begin);
        while (at_ < text_.size() && text_[at_] != '>' && text_[at_] != '<') {
            if (text_[at_] == '/' && at_ + 1 < text_.size() && text_[at_ + 1] == '>') {
                at_ += 2;
                return;
            }
            const std::size_t before = at_;
            read_attribute(node);
            if (at_ == before) {
                ++at_;
            }
        }
        if (at_ < text_.size() && text_[at_] == '>') {
            ++at_;
            open_.push_back({node, std::string(name), {}});
        } else {
            out_.add_problem(begin, "a tag has no \">\"");
        }
    }

    void read_attribute(NodeId element) {
        const std::size_t begin = at_;
        const std::string name = "@" + std::string(local_name(read_name()));
        const auto skip_spaces = [&] {
            while (at_ < text_.size() && is_space(text_[at_])) {
                ++at_;
            }
        };
        skip_spaces();
        if (name.size() == 1 || at_ >= text_.size() || text_[at_] != '=') {
            return;
        }
        ++at_;
        skip_spaces();
        if (at_ >= text_.size() || (text_[at_] != '"' && text_[at_] != '\'')) {
            out_.add_problem(begin, "an attribute has no quotes");
            return;
        }
        const std::size_t end = text_.find(text_[at_], at_ + 1);
        if (end == std::string_view::npos) {
            out_.add_problem(begin, "an attribute has no end");
            at_ = text_.size();
            return;
        }
        TracedText value;
        append_to(value, at_ + 1, end);
        out_.add_value(out_.add(element, name, begin), std::move(value));
        at_ = end + 1;
    }

    LensOutput& out_;
    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<Open> open_;
};

}  // namespace

void read_xml(LensOutput& out) {
    XmlReader(out).read();
}

}  // namespace assembler::plugin
