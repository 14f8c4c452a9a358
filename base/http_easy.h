// SPDX-License-Identifier: Apache-2.0
// What the two users of libcurl share: a handle with its list of headers, and errors in our words.
// Included by base/http_*.cpp only.
#pragma once

#include <string>
#include <string_view>

#include <curl/curl.h>

namespace base {

struct HttpEasy {
    CURL* handle;
    curl_slist* headers = nullptr;
    HttpEasy();
    HttpEasy(const HttpEasy&) = delete;
    HttpEasy& operator=(const HttpEasy&) = delete;
    ~HttpEasy();
    void add_header(const std::string& line) { headers = curl_slist_append(headers, line.c_str()); }
};

// Up to 5, and never from an https URL to http.
void allow_redirects(const HttpEasy& easy, const std::string& url);
[[noreturn]] void throw_curl_error(CURLcode code, const std::string& url);

// "Name: value" as "name" and "value"; false for other lines.
bool split_header(std::string_view line, std::string& name, std::string& value);

}  // namespace base
