// SPDX-License-Identifier: Apache-2.0
// Reads files in the root folder of an ISO 9660 image: enough for a configuration CD, without
// mounting it. Names are those of Rock Ridge where there are any, else the plain ones. The image is
// untrusted: sizes and places are checked before anything is read. ECMA-119 clauses 8 and 9, IEEE
// P1282.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hvruntime::agent {

// Fills the buffer from the offset on; fewer bytes only at the end of the image.
using ReadAt = std::function<std::size_t(std::uint64_t offset, std::span<std::byte> buffer)>;

class IsoReader {
  public:
    // Throws invalid_input when this is no ISO 9660 image.
    explicit IsoReader(ReadAt read_at);

    const std::string& label() const { return label_; }  // without the padding
    // The file of the root folder with that name; upper and lower case and '-' and '_' are the
    // same, as plain ISO names have neither lower case nor '-'. Throws invalid_input when the file
    // is damaged or larger than the limit.
    std::optional<std::string> read_root_file(std::string_view name, std::size_t limit) const;

  private:
    struct Entry {
        std::string name;
        std::uint32_t block = 0;
        std::uint32_t bytes = 0;
    };
    std::string read_extent(std::uint32_t block, std::uint32_t bytes) const;
    std::vector<Entry> read_root(std::uint32_t block, std::uint32_t bytes) const;

    ReadAt read_at_;
    std::string label_;
    std::vector<Entry> entries_;
};

}  // namespace hvruntime::agent
