// SPDX-License-Identifier: Apache-2.0
// Text that remembers, byte by byte, where in which file it was written, through unquoting,
// joining, expanding and cutting: so that a host or port that was found can later be replaced at
// its place. Bytes made up by us have no place. A plain value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assembler::plugin {

struct SourcePosition {
    std::uint32_t file = 0;    // index of a list of files that the caller keeps
    std::uint32_t offset = 0;  // in bytes

    bool operator==(const SourcePosition&) const = default;
};

class TracedText {
  public:
    TracedText() = default;
    // All of a file, or a text with no place.
    TracedText(std::string text, SourcePosition begin);
    static TracedText made_up(std::string text);

    const std::string& text() const { return text_; }
    bool empty() const { return text_.empty(); }

    TracedText part(std::size_t begin, std::size_t length) const;
    TracedText trimmed() const;  // without blanks at both ends
    void append(const TracedText& other);
    void append(const TracedText& other, std::size_t begin, std::size_t length);
    void append_made_up(std::string_view text);

    // Where the byte was written.
    std::optional<SourcePosition> position_at(std::size_t offset) const;
    // Where the whole of it stands as it is, one byte after the other; nothing for an empty text.
    std::optional<SourcePosition> position() const;

  private:
    struct Piece {
        std::size_t begin = 0;  // in text_
        std::size_t length = 0;
        SourcePosition from;
    };
    // The first piece that ends behind `offset`.
    std::vector<Piece>::const_iterator piece_after(std::size_t offset) const;

    std::string text_;
    std::vector<Piece> pieces_;  // in order; what is between them is made up
};

}  // namespace assembler::plugin
