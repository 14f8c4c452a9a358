// SPDX-License-Identifier: Apache-2.0
#include "base/http_client.h"

#include <algorithm>
#include <cctype>
#include <exception>

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>

#include "base/error.h"
#include "base/interrupt.h"

namespace base {

namespace {

void init_curl_once() {
    static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (result != CURLE_OK) {
        throw Error(ErrorKind::environment, "libcurl does not start");
    }
}

struct Easy {
    CURL* handle;
    curl_slist* headers = nullptr;
    Easy() : handle((init_curl_once(), curl_easy_init())) {
        if (handle == nullptr) {
            throw Error(ErrorKind::environment, "libcurl does not start");
        }
        curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    }
    Easy(const Easy&) = delete;
    Easy& operator=(const Easy&) = delete;
    ~Easy() {
        curl_slist_free_all(headers);
        curl_easy_cleanup(handle);
    }
};

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
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) {
        std::string name(line.substr(0, colon));
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        std::string_view value = line.substr(colon + 1);
        while (!value.empty() && std::isspace(static_cast<unsigned char>(value.front())) != 0) {
            value.remove_prefix(1);
        }
        while (!value.empty() && std::isspace(static_cast<unsigned char>(value.back())) != 0) {
            value.remove_suffix(1);
        }
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

int on_progress(void* /*user*/, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return interrupt().raised() ? 1 : 0;
}

void set_redirects(CURL* handle) {
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(handle, CURLOPT_MAXREDIRS, 5L);
}

[[noreturn]] void throw_curl_error(CURLcode code, const std::string& url) {
    interrupt().check();
    if (code == CURLE_OPERATION_TIMEDOUT) {
        throw Error(ErrorKind::timeout, fmt::format("no answer from '{}' in time", url));
    }
    throw Error(ErrorKind::environment,
                fmt::format("cannot reach '{}': {}", url, curl_easy_strerror(code)));
}

// A GET whose body is pulled: the transfer runs only inside read(), and is paused while our buffer
// is full.
class HttpSource : public ByteSource {
  public:
    explicit HttpSource(std::string url) : url_(std::move(url)), multi_(curl_multi_init()) {
        curl_easy_setopt(easy_.handle, CURLOPT_URL, url_.c_str());
        set_redirects(easy_.handle);
        const bool https = url_.starts_with("https:");
        curl_easy_setopt(easy_.handle, CURLOPT_REDIR_PROTOCOLS_STR, https ? "https" : "http,https");
        curl_easy_setopt(easy_.handle, CURLOPT_CONNECTTIMEOUT, 30L);
        curl_easy_setopt(easy_.handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(easy_.handle, CURLOPT_LOW_SPEED_TIME, 60L);
        curl_easy_setopt(easy_.handle, CURLOPT_WRITEFUNCTION, &HttpSource::on_body);
        curl_easy_setopt(easy_.handle, CURLOPT_WRITEDATA, this);
        curl_multi_add_handle(multi_, easy_.handle);
        advance();  // so that a missing file is told at once
    }
    HttpSource(const HttpSource&) = delete;
    HttpSource& operator=(const HttpSource&) = delete;
    ~HttpSource() override {
        curl_multi_remove_handle(multi_, easy_.handle);
        curl_multi_cleanup(multi_);
    }

    std::size_t read(std::span<std::byte> buffer) override {
        if (taken_ == data_.size()) {
            data_.clear();
            taken_ = 0;
            if (paused_) {
                paused_ = false;
                curl_easy_pause(easy_.handle, CURLPAUSE_CONT);
            }
            advance();
        }
        const std::size_t count = std::min(buffer.size(), data_.size() - taken_);
        const auto bytes = as_bytes(data_).subspan(taken_, count);
        std::copy(bytes.begin(), bytes.end(), buffer.begin());
        taken_ += count;
        return count;
    }
    const std::string& name() const override { return url_; }

  private:
    static constexpr std::size_t kBufferLimit = 4U << 20U;

    static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
        auto& self = *static_cast<HttpSource*>(user);
        if (self.data_.size() >= kBufferLimit) {
            self.paused_ = true;
            return CURL_WRITEFUNC_PAUSE;
        }
        long status = 0;
        curl_easy_getinfo(self.easy_.handle, CURLINFO_RESPONSE_CODE, &status);
        if (status == 200) {  // the body of an error page is not the file
            self.data_.append(data, size * count);
        }
        return size * count;
    }

    // Runs the transfer until there is data or it has ended.
    void advance() {
        while (data_.empty() && !ended_) {
            interrupt().check();
            int running = 0;
            curl_multi_perform(multi_, &running);
            int queued = 0;
            while (const CURLMsg* message = curl_multi_info_read(multi_, &queued)) {
                if (message->msg == CURLMSG_DONE) {
                    ended_ = true;
                    if (message->data.result != CURLE_OK) {
                        throw_curl_error(message->data.result, url_);
                    }
                    check_status();
                }
            }
            if (data_.empty() && !ended_) {
                curl_multi_poll(multi_, nullptr, 0, 500, nullptr);
            }
        }
    }

    void check_status() const {
        long status = 0;
        curl_easy_getinfo(easy_.handle, CURLINFO_RESPONSE_CODE, &status);
        if (status == 404 || status == 410) {
            throw Error(ErrorKind::not_found, fmt::format("'{}' is not there ({})", url_, status));
        }
        if (status != 200) {
            throw Error(ErrorKind::external, fmt::format("'{}' answers {}", url_, status));
        }
    }

    std::string url_;
    Easy easy_;
    CURLM* multi_;
    std::string data_;
    std::size_t taken_ = 0;
    bool paused_ = false;
    bool ended_ = false;
};

}  // namespace

HttpResponse http_call(const HttpRequest& request) {
    Easy easy;
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
        easy.headers = curl_slist_append(easy.headers, header.c_str());
    }
    easy.headers = curl_slist_append(easy.headers, "Expect:");  // no 100-continue pause
    if (request.body_source != nullptr) {
        curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(handle, CURLOPT_READFUNCTION, on_request_body);
        curl_easy_setopt(handle, CURLOPT_READDATA, &call);
        easy.headers = curl_slist_append(easy.headers, "Transfer-Encoding: chunked");
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
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    if (request.follow_redirects) {
        set_redirects(handle);
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

std::unique_ptr<ByteSource> open_http_source(const std::string& url) {
    return std::make_unique<HttpSource>(url);
}

}  // namespace base
