// SPDX-License-Identifier: Apache-2.0
// Integers as disk formats store them: little-endian in VMDK, big-endian in qcow2, never aligned.
// The caller has checked that the bytes are there.
#pragma once

#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ovfkit {

template <std::unsigned_integral T>
T load_le(std::span<const std::byte> bytes, std::size_t offset = 0) {
    assert(offset + sizeof(T) <= bytes.size());
    T value = 0;
    for (std::size_t i = sizeof(T); i-- > 0;) {
        value = static_cast<T>(static_cast<T>(value << 7U << 1U) |
                               std::to_integer<T>(bytes[offset + i]));
    }
    return value;
}

template <std::unsigned_integral T>
T load_be(std::span<const std::byte> bytes, std::size_t offset = 0) {
    assert(offset + sizeof(T) <= bytes.size());
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value = static_cast<T>(static_cast<T>(value << 7U << 1U) |
                               std::to_integer<T>(bytes[offset + i]));
    }
    return value;
}

template <std::unsigned_integral T>
void store_le(std::span<std::byte> bytes, std::size_t offset, T value) {
    assert(offset + sizeof(T) <= bytes.size());
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        bytes[offset + i] = static_cast<std::byte>(value & 0xffU);
        value = static_cast<T>(value >> 7U >> 1U);
    }
}

template <std::unsigned_integral T>
void store_be(std::span<std::byte> bytes, std::size_t offset, T value) {
    assert(offset + sizeof(T) <= bytes.size());
    for (std::size_t i = sizeof(T); i-- > 0;) {
        bytes[offset + i] = static_cast<std::byte>(value & 0xffU);
        value = static_cast<T>(value >> 7U >> 1U);
    }
}

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
    return (value + unit - 1) / unit * unit;
}

}  // namespace ovfkit
