// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/xml/scan.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/xml/document.h"
#include "ovfkit/xml/text_encoding.h"

namespace ovfkit::xml {

namespace {

constexpr std::string_view kSpaces = " \t\r\n";

class Scanner {
  public:
    Scanner(std::string_view text, const LineIndex& lines, const std::string& name)
        : text_(text), lines_(lines), name_(name) {}

    void run() {
        check_characters();
        while (at_ < text_.size()) {
            if (text_[at_] == '<') {
                scan_markup();
            } else {
                scan_character_data();
            }
        }
        if (!seen_root_) {
            fail(text_.size(), "there is no XML element in it");
        }
    }

  private:
    [[noreturn]] void fail(std::size_t offset, const std::string& message,
                           std::string hint = "") const {
        fail_at(name_, lines_.place_at(offset), message, std::move(hint));
    }

    void check_characters() const {
        for (std::size_t i = 0; i < text_.size();) {
            if (text_[i] >= ' ' && text_[i] <= '~') {
                ++i;  // nearly all of a descriptor
                continue;
            }
            const auto c = decode_utf8(text_, i);
            if (!c) {
                fail(i, "the bytes are not UTF-8 text");
            }
            if (!is_xml_char(c->code)) {
                fail(i, fmt::format("the character U+{:04X} is not allowed in XML",
                                    static_cast<unsigned>(c->code)));
            }
            i += c->length;
        }
    }

    bool looking_at(std::string_view what) const { return text_.substr(at_).starts_with(what); }

    void skip_past(std::string_view end, std::string_view what) {
        const std::size_t found = text_.find(end, at_);
        if (found == std::string_view::npos) {
            fail(at_, fmt::format("the {} that begins here has no end", what));
        }
        at_ = found + end.size();
    }

    void scan_markup() {
        if (looking_at("<!--")) {
            at_ += 4;
            skip_past("-->", "comment");
        } else if (looking_at("<?")) {
            skip_past("?>", "processing instruction");
        } else if (looking_at("<![CDATA[")) {
            if (depth_ == 0) {
                fail(at_, "there is text outside of the root element");
            }
            skip_past("]]>", "CDATA section");
        } else if (looking_at("<!")) {
            fail(at_, "DOCTYPE and other declarations are not allowed in a descriptor",
                 "remove the DOCTYPE; OVF needs none, and it can make a reader open other files");
        } else {
            scan_tag();
        }
    }

    void scan_tag() {
        const std::size_t start = at_;
        const bool is_end = looking_at("</");
        if (!is_end && depth_ == 0 && seen_root_) {
            fail(start, "there is a second root element");
        }
        ++at_;
        while (at_ < text_.size() && text_[at_] != '>') {
            if (text_[at_] == '<') {
                fail(start, "the tag that begins here has no end");
            }
            if (text_[at_] == '"' || text_[at_] == '\'') {
                scan_attribute_value();
            } else {
                ++at_;
            }
        }
        if (at_ >= text_.size()) {
            fail(start, "the tag that begins here has no end");
        }
        const bool is_empty = text_[at_ - 1] == '/';
        ++at_;
        seen_root_ = true;
        if (is_end) {
            if (depth_ == 0) {
                fail(start, "an end tag without its start tag");
            }
            --depth_;
        } else if (depth_ + 1 > kMaxDepth) {
            fail(start, fmt::format("elements are nested deeper than {} levels", kMaxDepth));
        } else if (!is_empty) {
            ++depth_;
        }
    }

    void scan_attribute_value() {
        const std::size_t start = at_;
        const char quote = text_[at_++];
        while (at_ < text_.size() && text_[at_] != quote) {
            if (text_[at_] == '<') {
                fail(at_, "'<' is not allowed inside an attribute value");
            }
            if (text_[at_] == '&') {
                scan_reference();
            } else {
                ++at_;
            }
        }
        if (at_ >= text_.size()) {
            fail(start, "the attribute value that begins here has no end");
        }
        ++at_;
    }

    void scan_character_data() {
        if (text_[at_] == '&') {
            scan_reference();
        } else if (depth_ == 0 && kSpaces.find(text_[at_]) == std::string_view::npos) {
            fail(at_, "there is text outside of the root element");
        } else {
            ++at_;
        }
    }

    // "&amp;", "&#38;", "&#x26;"
    void scan_reference() {
        constexpr std::array<std::string_view, 5> kEntities{"amp", "lt", "gt", "quot", "apos"};
        const std::size_t end = text_.substr(0, at_ + 16).find(';', at_);
        if (end == std::string_view::npos) {
            fail(at_, "'&' must be written as '&amp;'");
        }
        std::string_view entity = text_.substr(at_ + 1, end - at_ - 1);
        if (entity.starts_with('#')) {
            entity.remove_prefix(1);
            const int radix = entity.starts_with('x') ? 16 : 10;
            entity.remove_prefix(radix == 16 ? 1 : 0);
            std::uint32_t code = 0;
            const auto [rest, error] =
                std::from_chars(entity.data(), entity.data() + entity.size(), code, radix);
            if (error != std::errc{} || rest != entity.data() + entity.size() ||
                !is_xml_char(code)) {
                fail(at_, "a character reference that names no XML character");
            }
        } else if (std::find(kEntities.begin(), kEntities.end(), entity) == kEntities.end()) {
            fail(at_, fmt::format("unknown entity '&{};'", entity));
        }
        at_ = end + 1;
    }

    std::string_view text_;
    const LineIndex& lines_;
    const std::string& name_;
    std::size_t at_ = 0;
    int depth_ = 0;
    bool seen_root_ = false;
};

}  // namespace

LineIndex::LineIndex(std::string_view text) {
    starts_.push_back(0);
    for (std::size_t i = text.find('\n'); i != std::string_view::npos; i = text.find('\n', i + 1)) {
        starts_.push_back(i + 1);
    }
}

Place LineIndex::place_at(std::size_t offset) const {
    const auto next = std::upper_bound(starts_.begin(), starts_.end(), offset);
    return {static_cast<int>(next - starts_.begin()),
            static_cast<int>(offset - *std::prev(next)) + 1};
}

void fail_at(const std::string& name, Place place, const std::string& message, std::string hint) {
    throw base::Error(base::ErrorKind::invalid_input,
                      fmt::format("{}:{}:{}: {}", name, place.line, place.column, message),
                      std::move(hint));
}

void check_text(std::string_view text, const LineIndex& lines, const std::string& name) {
    Scanner(text, lines, name).run();
}

}  // namespace ovfkit::xml
