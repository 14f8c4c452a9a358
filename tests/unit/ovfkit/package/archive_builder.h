// SPDX-License-Identifier: Apache-2.0
// Builds tar archives by hand, so that tests can get every field wrong on purpose.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/fd.h"
#include "ovfkit/package/tar/tar_header.h"

namespace tests {

class ArchiveBuilder {
  public:
    ArchiveBuilder& add(const std::string& name, std::string_view data, char type = '0') {
        header(name, data.size(), type);
        return raw_data(data);
    }
    // A header whose size field says `size`, without data.
    ArchiveBuilder& header(const std::string& name, std::uint64_t size, char type = '0') {
        std::string block(base::as_text(ovfkit::make_tar_header(name.substr(0, 100), size, 0)));
        block[156] = type;
        bytes_ += with_checksum(std::move(block));
        return *this;
    }
    // The last header with `text` written over its bytes from `offset` on.
    ArchiveBuilder& patch_header(std::size_t offset, std::string_view text) {
        std::string block = bytes_.substr(bytes_.size() - 512);
        block.replace(offset, text.size(), text);
        bytes_.replace(bytes_.size() - 512, 512, with_checksum(std::move(block)));
        return *this;
    }
    ArchiveBuilder& raw_data(std::string_view data) {
        bytes_ += data;
        bytes_.resize((bytes_.size() + 511) / 512 * 512, '\0');
        return *this;
    }
    ArchiveBuilder& raw(std::string_view data) {
        bytes_ += data;
        return *this;
    }
    std::string end() const { return bytes_ + std::string(1024, '\0'); }
    const std::string& unfinished() const { return bytes_; }

    static std::string pax_record(const std::string& key, const std::string& value) {
        std::size_t length = key.size() + value.size() + 3;
        length += std::to_string(length + std::to_string(length).size()).size();
        return fmt::format("{} {}={}\n", length, key, value);
    }

  private:
    static std::string with_checksum(std::string block) {
        block.replace(148, 8, 8, ' ');
        unsigned sum = 0;
        for (const char c : block) {
            sum += static_cast<unsigned char>(c);
        }
        block.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
        return block;
    }
    std::string bytes_;
};

}  // namespace tests
