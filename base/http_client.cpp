// SPDX-License-Identifier: Apache-2.0
#include "base/http_client.h"

#include <cctype>
#include <exception>

#include <fmt/format.h>

#include "base/error.h"
#include "base/http_easy.h"
#include "base/interrupt.h"

namespace base {

namespace {

// Exceptions may not pass through C frames: callbacks store them here and make curl stop.
struct Call {
    CURL* handle;
    const HttpRequest& request;
    HttpResponse response;
    std::exception_ptr failure;
    bool stopped = false;
};

template <typename Fn>
std::size_t protected_callback(Call& call, std::size_t on_failure, Fn&& fn) {
    try {
        return fn();
    } catch (...) {
        call.failure = std::current_exception();
        return on_failure;
    }
}

std::size_t on_response_body(char* data, std::size_t size, std::size_t count, void* user) {
    auto& call = *static_cast<Call*>(user);
    return protected_callback(call, 0, [&]() -> std::size_t {
        const std::string_view piece(data, size * count);
        long status = 0;
        curl_easy_getinfo(call.handle, CURLINFO_RESPONSE_CODE, &status);
        if (!call.request.on_body || status >= 400) {
            call.response.body.append(piece);
        } else if (!call.request.on_body(piece)) {
            call.stopped = true;
            return 0;
        }
        return piece.size();
    });
}

std::size_t on_response_header(char* data, std::size_t size, std::size_t count, void* user) {
    auto& call = *static_cast<Call*>(user);
    const std::string_view line(data, size * count);
    std::string name;
    std::string value;
    if (split_header(line, name, value)) {
        call.response.headers[name] = value;
    }
    return line.size();
}

std::size_t on_request_body(char* data, std::size_t size, std::size_t count, void* user) {
    auto& call = *static_cast<Call*>(user);
    return protected_callback(call, CURL_READFUNC_ABORT, [&] {
        // SAFETY: curl's buffer of size * count chars, seen as bytes.
        return call.request.body_source->read({reinterpret_cast<std::byte*>(data), size * count});
    });
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    const auto& call = *static_cast<const Call*>(user);
    return call.request.interruptible && interrupt().raised() ? 1 : 0;
}

}  // namespace

HttpResponse http_call(const HttpRequest& request) {
    HttpEasy easy;
    CURL* handle = easy.handle;
    Call call{handle, request, {}, nullptr};
    curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (request.method == "HEAD") {
        curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    }
    if (!request.unix_socket.empty()) {
        curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
    }
    if (!request.unix_socket.empty() || request.url.starts_with("http://127.")) {
        curl_easy_setopt(handle, CURLOPT_PROXY, "");  // http_proxy leads elsewhere
    }
    for (const std::string& header : request.headers) {
        easy.add_header(header);
    }
    easy.add_header("Expect:");  // no 100-continue pause
    if (request.body_source != nullptr) {
        curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(handle, CURLOPT_READFUNCTION, on_request_body);
        curl_easy_setopt(handle, CURLOPT_READDATA, &call);
        easy.add_header("Transfer-Encoding: chunked");
    } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.c_str());
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(request.body.size()));
    }
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, easy.headers);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_response_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &call);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_response_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &call);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &call);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    if (request.follow_redirects) {
        allow_redirects(easy, request.url);
    }
    const CURLcode code = curl_easy_perform(handle);
    if (call.failure) {
        std::rethrow_exception(call.failure);
    }
    if (code != CURLE_OK && !call.stopped) {
        throw_curl_error(code, request.unix_socket.empty() ? request.url : request.unix_socket);
    }
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    call.response.status = static_cast<int>(status);
    return std::move(call.response);
}

bool is_http_url(std::string_view location) {
    return location.starts_with("http://") || location.starts_with("https://");
}

std::string url_encode(std::string_view text) {
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
            encoded += c;
        } else {
            encoded += fmt::format("%{:02X}", byte);
        }
    }
    return encoded;
}

}  // namespace base
