// SPDX-License-Identifier: Apache-2.0
// Big-endian fields in a buffer, the way packets have them. A WireReader never reads past the end:
// it gives zeros and remembers that it failed, so a parser checks ok() once. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "hvruntime/net/packet/address.h"

namespace hvruntime::net {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

class WireReader {
  public:
    explicit WireReader(ByteView data) : data_(data) {}

    bool ok() const { return ok_; }
    std::size_t offset() const { return offset_; }
    std::size_t left() const { return data_.size() - offset_; }

    ByteView bytes(std::size_t count) {
        if (count > left()) {
            ok_ = false;
            offset_ = data_.size();
            return {};
        }
        const ByteView view = data_.subspan(offset_, count);
        offset_ += count;
        return view;
    }
    ByteView rest() { return bytes(left()); }
    std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
    std::uint32_t u32() { return number(4); }
    Ipv4Address ip() { return {u32()}; }
    MacAddress mac() {
        MacAddress mac;
        const ByteView view = bytes(6);
        std::copy(view.begin(), view.end(), mac.bytes.begin());
        return mac;
    }

  private:
    std::uint32_t number(std::size_t count) {
        std::uint32_t value = 0;
        for (const std::uint8_t byte : bytes(count)) {
            value = (value << 8U) | byte;
        }
        return value;
    }

    ByteView data_;
    std::size_t offset_ = 0;
    bool ok_ = true;
};

class WireWriter {
  public:
    void u8(unsigned value) { data_.push_back(static_cast<std::uint8_t>(value)); }
    void u16(unsigned value) {
        u8(value >> 8U);
        u8(value);
    }
    void u32(std::uint32_t value) {
        u16(value >> 16U);
        u16(value & 0xffffU);
    }
    void ip(Ipv4Address ip) { u32(ip.value); }
    void mac(const MacAddress& mac) { bytes(mac.bytes); }
    void bytes(ByteView view) { data_.insert(data_.end(), view.begin(), view.end()); }
    void zeros(std::size_t count) { data_.resize(data_.size() + count); }
    void patch_u16(std::size_t at, unsigned value) {
        data_[at] = static_cast<std::uint8_t>(value >> 8U);
        data_[at + 1] = static_cast<std::uint8_t>(value);
    }
    std::size_t size() const { return data_.size(); }
    const Bytes& data() const { return data_; }
    Bytes take() { return std::move(data_); }

  private:
    Bytes data_;
};

}  // namespace hvruntime::net
