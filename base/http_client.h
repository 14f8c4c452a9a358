// SPDX-License-Identifier: Apache-2.0
// One HTTP(S) request by libcurl (base/http_*.cpp are the only door to it; http_source.h pulls a
// body as a stream). Redirects are followed only where a caller asks (up to 5, http and https only,
// never from https to http).
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/stream.h"

namespace base {

struct HttpRequest {
    std::string method = "GET";
    std::string url;
    std::string unix_socket;           // connect here instead of to the URL's host
    std::vector<std::string> headers;  // "Name: value"
    std::string body;
    ByteSource* body_source =
        nullptr;  // streamed with chunked encoding instead of `body`; borrowed
    // Gets the body as it comes instead of HttpResponse::body, unless the status is 400 or more.
    // Returning false ends the call without an error.
    std::function<bool(std::string_view)> on_body;
    std::chrono::milliseconds timeout = std::chrono::seconds(60);  // of the whole call; 0: none
    bool follow_redirects = false;
    bool interruptible = true;  // false: Ctrl-C waits for the answer or the time-out
};

struct HttpResponse {
    int status = 0;
    std::string body;
    std::map<std::string, std::string> headers;  // lower-case names
};

// Throws Error(environment) when the server cannot be reached, Error(timeout), Error(interrupted).
// An HTTP status of 400 and more is not an error here.
HttpResponse http_call(const HttpRequest& request);

bool is_http_url(std::string_view location);
std::string url_encode(std::string_view text);  // everything but RFC 3986 unreserved

}  // namespace base
