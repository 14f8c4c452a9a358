// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/lens/traced_text.h"

#include <algorithm>

namespace assembler::plugin {

TracedText::TracedText(std::string text, SourcePosition begin) : text_(std::move(text)) {
    if (!text_.empty()) {
        pieces_.push_back({0, text_.size(), begin});
    }
}

TracedText TracedText::made_up(std::string text) {
    TracedText made;
    made.text_ = std::move(text);
    return made;
}

std::vector<TracedText::Piece>::const_iterator TracedText::piece_after(std::size_t offset) const {
    return std::partition_point(pieces_.begin(), pieces_.end(), [&](const Piece& piece) {
        return piece.begin + piece.length <= offset;
    });
}

TracedText TracedText::part(std::size_t begin, std::size_t length) const {
    TracedText result;
    result.append(*this, begin, length);
    return result;
}

TracedText TracedText::trimmed() const {
    constexpr std::string_view kBlanks = " \t\r\n\f\v";
    const std::size_t begin = text_.find_first_not_of(kBlanks);
    if (begin == std::string::npos) {
        return {};
    }
    return part(begin, text_.find_last_not_of(kBlanks) + 1 - begin);
}

void TracedText::append(const TracedText& other) {
    append(other, 0, other.text_.size());
}

void TracedText::append(const TracedText& other, std::size_t begin, std::size_t length) {
    begin = std::min(begin, other.text_.size());
    length = std::min(length, other.text_.size() - begin);
    const std::size_t here = text_.size();
    text_.append(other.text_, begin, length);
    for (auto piece = other.piece_after(begin);
         piece != other.pieces_.end() && piece->begin < begin + length; ++piece) {
        const std::size_t from = std::max(piece->begin, begin);
        const std::size_t to = std::min(piece->begin + piece->length, begin + length);
        const SourcePosition source{
            piece->from.file, piece->from.offset + static_cast<std::uint32_t>(from - piece->begin)};
        const std::size_t at = here + from - begin;
        if (!pieces_.empty()) {
            Piece& last = pieces_.back();
            const bool follows = last.begin + last.length == at && last.from.file == source.file &&
                                 last.from.offset + last.length == source.offset;
            if (follows) {
                last.length += to - from;
                continue;
            }
        }
        pieces_.push_back({at, to - from, source});
    }
}

void TracedText::append_made_up(std::string_view text) {
    text_ += text;
}

std::optional<SourcePosition> TracedText::position_at(std::size_t offset) const {
    const auto piece = piece_after(offset);
    if (piece == pieces_.end() || piece->begin > offset) {
        return std::nullopt;
    }
    return SourcePosition{piece->from.file,
                          piece->from.offset + static_cast<std::uint32_t>(offset - piece->begin)};
}

std::optional<SourcePosition> TracedText::position() const {
    if (pieces_.size() != 1 || pieces_[0].begin != 0 || pieces_[0].length != text_.size()) {
        return std::nullopt;
    }
    return pieces_[0].from;
}

}  // namespace assembler::plugin
