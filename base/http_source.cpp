// SPDX-License-Identifier: Apache-2.0
#include "base/http_source.h"

#include <arpa/inet.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <map>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/http_easy.h"
#include "base/interrupt.h"
#include "base/log.h"

namespace base {

namespace {

constexpr std::size_t kBufferLimit = 4U << 20U;

bool is_private_v4(std::uint32_t ip) {
    struct Range {
        std::uint32_t start;
        unsigned bits;
    };
    static constexpr std::array<Range, 8> kRanges{{{0x00000000, 8},    // this network
                                                   {0x0a000000, 8},    // 10/8
                                                   {0x64400000, 10},   // 100.64/10
                                                   {0x7f000000, 8},    // loopback
                                                   {0xa9fe0000, 16},   // link-local
                                                   {0xac100000, 12},   // 172.16/12
                                                   {0xc0a80000, 16},   // 192.168/16
                                                   {0xe0000000, 3}}};  // multicast and beyond
    return std::any_of(kRanges.begin(), kRanges.end(), [&](const Range& range) {
        return (ip >> (32 - range.bits)) == (range.start >> (32 - range.bits));
    });
}

std::optional<std::uint64_t> number_in(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size() && !text.empty();
    return whole ? std::optional(value) : std::nullopt;
}

// "bytes 100-199/200": where it starts, and the size of the whole.
struct ContentRange {
    std::uint64_t start = 0;
    std::optional<std::uint64_t> total;
};
std::optional<ContentRange> parse_content_range(std::string_view text) {
    const std::size_t dash = text.find('-');
    const std::size_t slash = text.find('/');
    if (!text.starts_with("bytes ") || dash == std::string_view::npos ||
        slash == std::string_view::npos || slash < dash) {
        return std::nullopt;
    }
    const auto start = number_in(text.substr(6, dash - 6));
    if (!start) {
        return std::nullopt;
    }
    return ContentRange{*start, number_in(text.substr(slash + 1))};
}

// The transfer was cut; the same request may go well the next time.
bool is_passing(CURLcode code) {
    switch (code) {
        case CURLE_PARTIAL_FILE:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_GOT_NOTHING:
        case CURLE_OPERATION_TIMEDOUT:
        case CURLE_COULDNT_CONNECT:
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
        case CURLE_SSL_CONNECT_ERROR: return true;
        default: return false;
    }
}

// The transfer runs only inside read(), and is paused while the buffer is full.
class HttpSource : public HttpByteSource {
  public:
    HttpSource(std::string url, const HttpSourceOptions& options)
        : url_(std::move(url)), options_(options), multi_(curl_multi_init()) {}
    HttpSource(const HttpSource&) = delete;
    HttpSource& operator=(const HttpSource&) = delete;
    ~HttpSource() override {
        stop();
        curl_multi_cleanup(multi_);
    }

    // Up to the first bytes, so that a missing file is told at once.
    void begin() {
        start();
        advance();
    }
    std::size_t read(std::span<std::byte> buffer) override {
        if (taken_ == data_.size()) {
            data_.clear();
            taken_ = 0;
            if (paused_) {
                paused_ = false;
                curl_easy_pause(easy_->handle, CURLPAUSE_CONT);
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
    std::uint64_t size() const override { return total_.value_or(0); }
    bool from_private_address() const override { return first_is_private_.value_or(true); }
    bool takes_ranges() const override { return ranges_ && total_ && !validator_.empty(); }
    std::unique_ptr<HttpByteSource> reopened(std::uint64_t offset) const override {
        auto again = std::make_unique<HttpSource>(url_, options_);
        again->received_ = offset;
        again->total_ = total_;
        again->validator_ = validator_;
        again->ranges_ = ranges_;
        again->is_known_ = true;
        again->begin();
        return again;
    }

  private:
    // What comes next is the rest of a file that is known.
    bool goes_on() const { return received_ > 0 || is_known_; }
    void start();
    void stop();
    void advance();
    void finish_transfer(CURLcode code);
    void go_on_after(const std::string& reason);
    void take_answer();
    void take_resumed_answer();
    std::string validator_of(const std::map<std::string, std::string>& headers) const;
    std::string header(const std::string& name) const {
        const auto found = headers_.find(name);
        return found == headers_.end() ? "" : found->second;
    }
    static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user);
    static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user);
    static int on_connected(void* user, char* remote, char* local, int remote_port, int local_port);

    std::string url_;
    HttpSourceOptions options_;
    CURLM* multi_;
    std::unique_ptr<HttpEasy> easy_;
    std::string data_;
    std::size_t taken_ = 0;
    bool paused_ = false;
    bool ended_ = false;
    // Of the file, from the first answer on.
    std::optional<std::uint64_t> total_;
    std::string validator_;  // strong ETag or Last-Modified, for If-Range
    bool ranges_ = false;
    bool is_known_ = false;  // all of that, before the first answer
    std::uint64_t received_ = 0;
    // Of this transfer.
    std::map<std::string, std::string> headers_;  // of the last response, lower-case names
    bool answered_ = false;                       // the body is the file
    std::uint64_t skip_ = 0;                      // bytes that are here already
    std::exception_ptr failure_;
    int attempts_ = 0;
    std::optional<bool> first_is_private_;
};

void HttpSource::start() {
    stop();
    easy_ = std::make_unique<HttpEasy>();
    headers_.clear();
    answered_ = false;
    paused_ = false;
    skip_ = 0;
    first_is_private_.reset();
    CURL* handle = easy_->handle;
    curl_easy_setopt(handle, CURLOPT_URL, url_.c_str());
    if (options_.redirects) {
        allow_redirects(*easy_, url_);
    }
    if (url_.starts_with("http://127.")) {
        curl_easy_setopt(handle, CURLOPT_PROXY, "");  // http_proxy leads elsewhere
    }
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, 30L);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.silence.count()));
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &HttpSource::on_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &HttpSource::on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, &HttpSource::on_connected);
    curl_easy_setopt(handle, CURLOPT_PREREQDATA, this);
    if (goes_on()) {
        easy_->add_header(fmt::format("Range: bytes={}-", received_));
        easy_->add_header("If-Range: " + validator_);
        curl_easy_setopt(handle, CURLOPT_HTTPHEADER, easy_->headers);
    }
    curl_multi_add_handle(multi_, handle);
}

void HttpSource::stop() {
    if (easy_) {
        curl_multi_remove_handle(multi_, easy_->handle);
        easy_.reset();
    }
}

std::size_t HttpSource::on_header(char* data, std::size_t size, std::size_t count, void* user) {
    auto& self = *static_cast<HttpSource*>(user);
    const std::string_view line(data, size * count);
    std::string name;
    std::string value;
    if (line.starts_with("HTTP/")) {
        self.headers_.clear();  // of a redirect before
    } else if (split_header(line, name, value)) {
        self.headers_[name] = value;
    }
    return line.size();
}

int HttpSource::on_connected(void* user, char* remote, char* /*local*/, int /*remote_port*/,
                             int /*local_port*/) {
    auto& self = *static_cast<HttpSource*>(user);
    const bool is_private = is_private_address(remote);
    if (!self.first_is_private_) {
        self.first_is_private_ = is_private;
    }
    const bool refused = is_private && (self.options_.refuse_private || !*self.first_is_private_);
    return refused ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

std::size_t HttpSource::on_body(char* data, std::size_t size, std::size_t count, void* user) {
    auto& self = *static_cast<HttpSource*>(user);
    if (self.data_.size() >= kBufferLimit) {
        self.paused_ = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    const std::size_t bytes = size * count;
    try {
        if (!self.answered_) {
            self.take_answer();
        }
    } catch (...) {
        self.failure_ = std::current_exception();
        return 0;
    }
    if (!self.answered_) {
        return bytes;  // the body of an error page is not the file
    }
    const std::size_t known = std::min<std::uint64_t>(self.skip_, bytes);
    self.skip_ -= known;
    self.data_.append(data + known, bytes - known);
    self.received_ += bytes - known;
    if (bytes > known) {
        self.attempts_ = 0;
    }
    return bytes;
}

std::string HttpSource::validator_of(const std::map<std::string, std::string>& headers) const {
    const auto tag = headers.find("etag");
    if (tag != headers.end() && !tag->second.starts_with("W/")) {
        return tag->second;
    }
    const auto modified = headers.find("last-modified");
    return modified == headers.end() ? "" : modified->second;
}

// At the first byte of a body.
void HttpSource::take_answer() {
    long status = 0;
    curl_easy_getinfo(easy_->handle, CURLINFO_RESPONSE_CODE, &status);
    if (goes_on()) {
        if (status == 200 || status == 206) {
            take_resumed_answer();
        }
        return;
    }
    answered_ = status == 200;
    if (answered_) {
        total_ = number_in(header("content-length"));
        validator_ = validator_of(headers_);
        ranges_ = header("accept-ranges") == "bytes";
    }
}

void HttpSource::take_resumed_answer() {
    long status = 0;
    curl_easy_getinfo(easy_->handle, CURLINFO_RESPONSE_CODE, &status);
    const std::string validator = validator_of(headers_);
    const auto range = parse_content_range(header("content-range"));
    // 206 may leave the validator out: the server has compared it. 200 must have the same.
    const bool same =
        status == 206 ? range && range->start == received_ &&
                            (!range->total || !total_ || *range->total == *total_) &&
                            (validator.empty() || validator == validator_)
                      : validator == validator_ && number_in(header("content-length")) == total_;
    if (!same) {
        throw Error(ErrorKind::conflict,
                    fmt::format("'{}' changed while it was read: after {} bytes the connection was "
                                "lost, and what the server sends now is another file",
                                url_, received_),
                    "start again");
    }
    skip_ = status == 206 ? 0 : received_;
    answered_ = true;
}

// Runs the transfer until there is data or it has ended.
void HttpSource::advance() {
    while (data_.empty() && !ended_) {
        interrupt().check();
        int running = 0;
        curl_multi_perform(multi_, &running);
        int queued = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi_, &queued)) {
            if (message->msg == CURLMSG_DONE) {
                finish_transfer(message->data.result);
                break;  // the handle may be another one now
            }
        }
        if (data_.empty() && !ended_) {
            curl_multi_poll(multi_, nullptr, 0, 500, nullptr);
        }
    }
}

void HttpSource::finish_transfer(CURLcode code) {
    if (failure_) {
        ended_ = true;
        std::rethrow_exception(failure_);
    }
    if (code == CURLE_ABORTED_BY_CALLBACK &&
        (options_.refuse_private || first_is_private_ == false)) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("'{}' leads to an address of a private network", url_),
                    "give the address itself if you trust it");
    }
    if (code != CURLE_OK) {
        if (goes_on() && is_passing(code)) {
            go_on_after(curl_easy_strerror(code));
            return;
        }
        ended_ = true;
        throw_curl_error(code, url_);
    }
    long status = 0;
    curl_easy_getinfo(easy_->handle, CURLINFO_RESPONSE_CODE, &status);
    if (goes_on() && !answered_ && (status == 429 || status >= 500)) {
        go_on_after(fmt::format("the server answers {}", status));
        return;
    }
    ended_ = true;
    if (status == 404 || status == 410) {
        throw Error(ErrorKind::not_found, fmt::format("'{}' is not there ({})", url_, status));
    }
    if (status != 200 && !(status == 206 && answered_)) {
        throw Error(ErrorKind::external, fmt::format("'{}' answers {}", url_, status));
    }
}

void HttpSource::go_on_after(const std::string& reason) {
    ++attempts_;
    if (validator_.empty() || attempts_ >= options_.attempts) {
        ended_ = true;
        throw Error(ErrorKind::environment,
                    fmt::format("the connection to '{}' was lost after {} bytes: {}", url_,
                                received_, reason),
                    validator_.empty() ? "the server does not say how to tell the file's versions "
                                         "apart (ETag, Last-Modified), so reading cannot go on: "
                                         "start again"
                                       : "start again when the network is better");
    }
    log(LogLevel::warn, "http", "the connection to '{}' was lost after {} bytes ({}); going on",
        url_, received_, reason);
    const auto pause = options_.pause * (1 << (attempts_ - 1));
    for (auto left = pause; left.count() > 0;) {
        interrupt().check();
        const auto step = std::min(left, std::chrono::milliseconds(100));
        std::this_thread::sleep_for(step);
        left -= step;
    }
    start();
}

}  // namespace

bool is_private_address(const std::string& ip) {
    in_addr v4{};
    if (::inet_pton(AF_INET, ip.c_str(), &v4) == 1) {
        return is_private_v4(ntohl(v4.s_addr));
    }
    in6_addr v6{};
    if (::inet_pton(AF_INET6, ip.c_str(), &v6) != 1) {
        return true;
    }
    const auto* byte = v6.s6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
        return is_private_v4(static_cast<std::uint32_t>(byte[12]) << 24U |
                             static_cast<std::uint32_t>(byte[13]) << 16U |
                             static_cast<std::uint32_t>(byte[14]) << 8U | byte[15]);
    }
    // Global unicast is 2000::/3; everything else is loopback, link-local, unique local, multicast.
    return (byte[0] >> 5U) != 1;
}

std::unique_ptr<HttpByteSource> open_http_source(const std::string& url,
                                                 const HttpSourceOptions& options) {
    auto source = std::make_unique<HttpSource>(url, options);
    source->begin();
    return source;
}

}  // namespace base
