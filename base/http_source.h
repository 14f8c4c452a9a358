// SPDX-License-Identifier: Apache-2.0
// A GET whose body is pulled as a stream, and that survives lost connections: it asks for the rest
// with Range and If-Range, so that a file that changed meanwhile is noticed and never mixed. A
// redirect from a public address to a private one is refused (a server could make us read what
// only we can reach). Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/stream.h"

namespace base {

struct HttpSourceOptions {
    int attempts = 6;                      // in a row without a new byte
    std::chrono::milliseconds pause{500};  // before the second; doubled each time
    std::chrono::seconds silence{60};      // without a byte: the connection counts as lost
    bool redirects = true;                 // are followed
    bool refuse_private = false;  // an address of a private network, even without a redirect
};

class HttpByteSource : public ByteSource {
  public:
    // The server was reached at an address of a private network.
    virtual bool from_private_address() const = 0;
    // The server sends parts, and tells the versions of the file apart.
    virtual bool takes_ranges() const = 0;
    // The same file from `offset` on; conflict when it is another one by now.
    virtual std::unique_ptr<HttpByteSource> reopened(std::uint64_t offset) const = 0;
};

// Throws not_found, external or environment as the server answers.
std::unique_ptr<HttpByteSource> open_http_source(const std::string& url,
                                                 const HttpSourceOptions& options = {});

// An address that only machines of the same network reach: loopback, link-local, private and
// shared ranges of IPv4 and IPv6; what is no address counts as private.
bool is_private_address(const std::string& ip);

}  // namespace base
