// SPDX-License-Identifier: Apache-2.0
// Message digests by OpenSSL EVP (which uses SHA-NI; coreutils' sha256sum does not).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/stream.h"

namespace base {

enum class DigestAlgorithm { sha1, sha256, sha384, sha512 };

std::string_view to_string(DigestAlgorithm algorithm);  // "SHA256", as manifests write it
// Case-insensitive; accepts SHA256, SHA-256, SHA2-256.
std::optional<DigestAlgorithm> find_digest_algorithm(std::string_view name);
std::size_t digest_hex_length(DigestAlgorithm algorithm);

class Digest {
  public:
    explicit Digest(DigestAlgorithm algorithm);
    Digest(Digest&&) noexcept;
    Digest& operator=(Digest&&) noexcept;
    ~Digest();
    void update(std::span<const std::byte> data);
    std::string finish_hex();  // lower case; the object is spent

  private:
    struct State;
    std::unique_ptr<State> state_;
};

std::string digest_hex(DigestAlgorithm algorithm, std::string_view data);
std::string sha256_of_file(const std::string& path);

}  // namespace base
