// SPDX-License-Identifier: Apache-2.0
#include "base/http_easy.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/letter_case.h"

namespace base {

namespace {

void init_curl_once() {
    static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (result != CURLE_OK) {
        throw Error(ErrorKind::environment, "libcurl does not start");
    }
}

std::string_view without_blanks(std::string_view text) {
    const auto is_blank = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

}  // namespace

HttpEasy::HttpEasy() : handle((init_curl_once(), curl_easy_init())) {
    if (handle == nullptr) {
        throw Error(ErrorKind::environment, "libcurl does not start");
    }
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
}

HttpEasy::~HttpEasy() {
    curl_slist_free_all(headers);
    curl_easy_cleanup(handle);
}

void allow_redirects(const HttpEasy& easy, const std::string& url) {
    curl_easy_setopt(easy.handle, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy.handle, CURLOPT_MAXREDIRS, 5L);
    const bool https = url.starts_with("https:");
    curl_easy_setopt(easy.handle, CURLOPT_REDIR_PROTOCOLS_STR, https ? "https" : "http,https");
}

void throw_curl_error(CURLcode code, const std::string& url) {
    interrupt().check();
    if (code == CURLE_OPERATION_TIMEDOUT) {
        throw Error(ErrorKind::timeout, fmt::format("no answer from '{}' in time", url));
    }
    throw Error(ErrorKind::environment,
                fmt::format("cannot reach '{}': {}", url, curl_easy_strerror(code)));
}

bool split_header(std::string_view line, std::string& name, std::string& value) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
        return false;
    }
    name = to_lower(line.substr(0, colon));
    value = without_blanks(line.substr(colon + 1));
    return true;
}

}  // namespace base
