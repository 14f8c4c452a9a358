// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/ovfkit/disk/vmdk_samples.h"

#include <vector>

#include "base/fd.h"
#include "ovfkit/disk/codec/deflate.h"

namespace tests {

std::string VmdkBuilder::little(std::uint64_t value, std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes; ++i) {
        text.push_back(static_cast<char>(value >> (8 * i) & 0xffU));
    }
    return text;
}

std::string VmdkBuilder::padded(std::string bytes) {
    bytes.resize((bytes.size() + 511) / 512 * 512);
    return bytes;
}

std::string VmdkBuilder::deflated(const std::string& data) {
    const ovfkit::Deflater deflater(6);
    std::vector<std::byte> out(deflater.zlib_bound(data.size()));
    out.resize(deflater.zlib(base::as_bytes(data), out));
    return std::string(base::as_text(out));
}

std::string VmdkBuilder::header(const Header& fields) {
    return padded(
        "KDMV" + little(fields.version, 4) + little(fields.flags, 4) + little(fields.capacity, 8) +
        little(fields.grain, 8) + little(fields.descriptor, 8) + little(fields.descriptor_size, 8) +
        little(fields.entries, 4) + little(0, 8) + little(fields.directory, 8) +
        little(fields.overhead, 8) + std::string("\0\n \r\n", 5) + little(fields.compression, 2));
}

VmdkBuilder& VmdkBuilder::add(const std::string& sectors) {
    bytes_ += sectors;
    return *this;
}

VmdkBuilder& VmdkBuilder::grain(std::uint64_t lba, const std::string& data) {
    return packed_grain(lba, deflated(data));
}

VmdkBuilder& VmdkBuilder::packed_grain(std::uint64_t lba, const std::string& deflated) {
    places_[lba] = sector();
    return add(padded(little(lba, 8) + little(deflated.size(), 4) + deflated));
}

VmdkBuilder& VmdkBuilder::marker(std::uint32_t type, std::uint64_t sectors) {
    return add(padded(little(sectors, 8) + little(0, 4) + little(type, 4)));
}

std::uint64_t VmdkBuilder::tables(std::uint64_t grain_sectors, std::uint32_t entries,
                                  std::uint64_t count) {
    std::string directory;
    for (std::uint64_t i = 0; i < count; ++i) {
        std::string table;
        for (std::uint64_t j = 0; j < entries; ++j) {
            const auto place = places_.find((i * entries + j) * grain_sectors);
            table += little(place == places_.end() ? 0 : place->second, 4);
        }
        table = padded(table);
        marker(1, table.size() / 512);
        directory += little(sector(), 4);
        add(table);
    }
    directory = padded(directory);
    marker(2, directory.size() / 512);
    const std::uint64_t result = sector();
    add(directory);
    return result;
}

VmdkBuilder& VmdkBuilder::footer(const Header& fields) {
    return marker(3, 1).add(header(fields));
}

}  // namespace tests
