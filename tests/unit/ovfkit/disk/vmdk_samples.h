// SPDX-License-Identifier: Apache-2.0
// Builds VMDK streams piece by piece, right ones and wrong ones, without the code under test's
// writer.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace tests {

class VmdkBuilder {
  public:
    // Field values that differ from a right streamOptimized header.
    struct Header {
        std::uint32_t version = 3;
        std::uint32_t flags = 0x30001;
        std::uint64_t capacity = 256;
        std::uint64_t grain = 128;
        std::uint64_t descriptor = 0;
        std::uint64_t descriptor_size = 0;
        std::uint32_t entries = 512;
        std::uint64_t directory = ~std::uint64_t{0};
        std::uint64_t overhead = 1;
        std::uint16_t compression = 1;
    };

    static std::string header(const Header& fields);
    static std::string little(std::uint64_t value, std::size_t bytes);
    static std::string padded(std::string bytes);
    static std::string deflated(const std::string& data);

    VmdkBuilder& add(const std::string& sectors);
    VmdkBuilder& grain(std::uint64_t lba, const std::string& data);
    VmdkBuilder& packed_grain(std::uint64_t lba, const std::string& deflated);
    VmdkBuilder& marker(std::uint32_t type, std::uint64_t sectors);
    // Tables of the grains so far; returns where the directory is.
    std::uint64_t tables(std::uint64_t grain_sectors = 128, std::uint32_t entries = 512,
                         std::uint64_t count = 1);
    VmdkBuilder& footer(const Header& fields);
    VmdkBuilder& end() { return add(std::string(512, '\0')); }
    std::uint64_t sector() const { return bytes_.size() / 512; }
    const std::string& bytes() const { return bytes_; }

  private:
    std::string bytes_;
    std::map<std::uint64_t, std::uint64_t> places_;  // LBA -> sector
};

}  // namespace tests
