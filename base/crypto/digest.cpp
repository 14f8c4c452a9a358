// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/digest.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/error.h"

namespace base {

namespace {

struct Known {
    DigestAlgorithm algorithm;
    std::string_view name;
    const EVP_MD* (*method)();
    std::size_t bytes;
};

constexpr std::array<Known, 4> kKnown{{{DigestAlgorithm::sha1, "SHA1", EVP_sha1, 20},
                                       {DigestAlgorithm::sha256, "SHA256", EVP_sha256, 32},
                                       {DigestAlgorithm::sha384, "SHA384", EVP_sha384, 48},
                                       {DigestAlgorithm::sha512, "SHA512", EVP_sha512, 64}}};

const Known& known(DigestAlgorithm algorithm) {
    for (const Known& entry : kKnown) {
        if (entry.algorithm == algorithm) {
            return entry;
        }
    }
    unreachable("digest algorithm without an entry");
}

}  // namespace

struct Digest::State {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { EVP_MD_CTX_free(context); }
};

std::string_view to_string(DigestAlgorithm algorithm) {
    return known(algorithm).name;
}

std::size_t digest_hex_length(DigestAlgorithm algorithm) {
    return known(algorithm).bytes * 2;
}

std::optional<DigestAlgorithm> find_digest_algorithm(std::string_view name) {
    std::string plain;
    for (const char c : name) {
        if (c != '-') {
            plain += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        }
    }
    if (plain.starts_with("SHA2") && plain.size() == 7) {
        plain.erase(3, 1);  // OpenSSL 3 prints SHA2-256 for SHA-256
    }
    for (const Known& entry : kKnown) {
        if (entry.name == plain) {
            return entry.algorithm;
        }
    }
    return std::nullopt;
}

Digest::Digest(DigestAlgorithm algorithm) : state_(std::make_unique<State>()) {
    if (state_->context == nullptr ||
        EVP_DigestInit_ex(state_->context, known(algorithm).method(), nullptr) != 1) {
        throw Error(ErrorKind::environment,
                    fmt::format("OpenSSL refuses {}", to_string(algorithm)));
    }
}

Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;
Digest::~Digest() = default;

void Digest::update(std::span<const std::byte> data) {
    EVP_DigestUpdate(state_->context, data.data(), data.size());
}

std::string Digest::finish_hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> value{};
    unsigned length = 0;
    EVP_DigestFinal_ex(state_->context, value.data(), &length);
    std::string hex;
    for (unsigned i = 0; i < length; ++i) {
        hex += fmt::format("{:02x}", value.at(i));
    }
    return hex;
}

std::string digest_hex(DigestAlgorithm algorithm, std::string_view data) {
    Digest digest(algorithm);
    digest.update(as_bytes(data));
    return digest.finish_hex();
}

std::string sha256_of_file(const std::string& path) {
    const UniqueFd fd = open_file(path, O_RDONLY);
    Digest digest(DigestAlgorithm::sha256);
    std::vector<std::byte> buffer(1U << 20U);
    while (const std::size_t got = read_some(fd.get(), buffer, path)) {
        digest.update(std::span(buffer).first(got));
    }
    return digest.finish_hex();
}

}  // namespace base
