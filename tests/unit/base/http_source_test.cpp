// SPDX-License-Identifier: Apache-2.0
#include "base/http_source.h"

#include "base/log.h"
#include "tests/support/catch.h"
#include "tests/support/http_server.h"

using tests::HttpServer;

namespace {

std::string make_body() {
    std::string body;
    for (int i = 0; body.size() < 300000; ++i) {
        body += fmt::format("{} ", i);
    }
    return body;
}
const std::string kBody = make_body();
const base::HttpSourceOptions kQuick{.attempts = 4, .pause = std::chrono::milliseconds(1)};

std::string read_all(base::ByteSource& source) {
    std::string text;
    std::vector<std::byte> buffer(10000);
    while (const std::size_t got = source.read(buffer)) {
        text += base::as_text(std::span(buffer).first(got));
    }
    return text;
}

std::string read_from(const HttpServer& server) {
    base::set_log_level(base::LogLevel::error);  // lost connections are told as warnings
    return read_all(*base::open_http_source(server.url(), kQuick));
}

std::uint64_t start_of(const std::string& head) {
    const std::string range = HttpServer::header(head, "Range");
    return range.empty() ? 0 : std::stoull(range.substr(6));
}

std::string whole(const std::string& body, const std::string& headers) {
    return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n{}", body.size(), headers,
                       body);
}

std::string rest(const std::string& body, std::uint64_t from, const std::string& headers) {
    return fmt::format(
        "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nContent-Range: bytes {}-{}/{}\r\n"
        "{}\r\n{}",
        body.size() - from, from, body.size() - 1, body.size(), headers, body.substr(from));
}

// Cuts a complete answer after so many bytes of its body.
std::string cut(const std::string& answer, std::size_t bytes) {
    return answer.substr(0, answer.find("\r\n\r\n") + 4 + bytes);
}

constexpr const char* kTag = "ETag: \"v1\"\r\n";

}  // namespace

TEST_CASE("a connection that breaks is taken up where it was", "[base][http]") {
    std::vector<std::string> ranges;
    std::vector<std::string> conditions;
    HttpServer server([&](const std::string& head, int number) {
        ranges.push_back(HttpServer::header(head, "Range"));
        conditions.push_back(HttpServer::header(head, "If-Range"));
        const std::string answer =
            number == 0 ? whole(kBody, kTag) : rest(kBody, start_of(head), kTag);
        return number < 5 ? cut(answer, 40000) : answer;
    });
    CHECK(read_from(server) == kBody);
    CHECK(ranges == std::vector<std::string>{"", "bytes=40000-", "bytes=80000-", "bytes=120000-",
                                             "bytes=160000-", "bytes=200000-"});
    CHECK(conditions ==
          std::vector<std::string>{"", "\"v1\"", "\"v1\"", "\"v1\"", "\"v1\"", "\"v1\""});
}

TEST_CASE("a server without ranges starts anew, and what is here is passed over", "[base][http]") {
    HttpServer server([&](const std::string&, int number) {
        const std::string answer = whole(kBody, "Last-Modified: Fri, 20 Nov 2026 10:00:00 GMT\r\n");
        return number == 0 ? cut(answer, 123456) : answer;
    });
    CHECK(read_from(server) == kBody);
}

TEST_CASE("a file that changed meanwhile is never mixed", "[base][http][hostile]") {
    const auto refusal = [](const std::string& second) {
        HttpServer server([&](const std::string&, int number) {
            return number == 0 ? cut(whole(kBody, kTag), 40000) : second;
        });
        return tests::error_of([&] { read_from(server); });
    };
    const std::string other(kBody.size(), 'x');
    for (const std::string& second :
         {whole(other, "ETag: \"v2\"\r\n"), whole(other, ""), rest(kBody, 39999, kTag),
          rest(kBody + "x", 40000, kTag), rest(other, 40000, "ETag: \"v2\"\r\n")}) {
        const auto error = refusal(second);
        CHECK(error.kind() == base::ErrorKind::conflict);
        CHECK(error.message().find("changed while it was read") != std::string::npos);
    }
}

TEST_CASE("reading gives up in the end, and without a version at once", "[base][http]") {
    int requests = 0;
    HttpServer stuck([&](const std::string& head, int number) {
        ++requests;
        return number == 0 ? cut(whole(kBody, kTag), 1000)
                           : cut(rest(kBody, start_of(head), kTag), 0);
    });
    const auto error = tests::error_of([&] { read_from(stuck); });
    CHECK(error.kind() == base::ErrorKind::environment);
    CHECK(error.message().find("was lost after 1000 bytes") != std::string::npos);
    CHECK(requests == kQuick.attempts);

    HttpServer nameless(
        [&](const std::string&, int) { return cut(whole(kBody, "ETag: W/\"v1\"\r\n"), 1000); });
    CHECK(tests::error_of([&] { read_from(nameless); }).hint().find("ETag") != std::string::npos);
}

TEST_CASE("a busy server is asked again", "[base][http]") {
    HttpServer server([&](const std::string& head, int number) -> std::string {
        if (number == 0) {
            return cut(whole(kBody, kTag), 40000);
        }
        return number == 1 ? "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"
                           : rest(kBody, start_of(head), kTag);
    });
    CHECK(read_from(server) == kBody);
}

TEST_CASE("what is not there is told at once", "[base][http]") {
    HttpServer server([](const std::string&, int) -> std::string {
        return "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nno ID";
    });
    CHECK(tests::error_of([&] { read_from(server); }).kind() == base::ErrorKind::not_found);
    HttpServer sized([](const std::string&, int) { return whole("0123", kTag); });
    CHECK(base::open_http_source(sized.url())->size() == 4);
}

TEST_CASE("import-security 3: private addresses are known", "[base][http][hostile]") {
    for (const char* ip :
         {"127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.7.7", "169.254.169.254",
          "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1",
          "fd00::1", "::ffff:10.0.0.1", "ff02::1", "rubbish", ""}) {
        CAPTURE(ip);
        CHECK(base::is_private_address(ip));
    }
    for (const char* ip : {"8.8.8.8", "172.32.0.1", "100.128.0.1", "192.169.0.1",
                           "2001:4860:4860::8888", "::ffff:8.8.8.8"}) {
        CAPTURE(ip);
        CHECK_FALSE(base::is_private_address(ip));
    }
}
