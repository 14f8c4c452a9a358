// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/api/route.h"

#include "tests/support/catch.h"

using hvruntime::percent_decode;
using hvruntime::RoutePattern;

TEST_CASE("a route matches segment by segment", "[hvruntime][api]") {
    const RoutePattern pattern("/v1/jobs/{id}/events");
    CHECK(pattern.match("/v1/jobs/7/events").value().at("id") == "7");
    for (const std::string path :
         {"/v1/jobs//events", "/v1/jobs/7", "/v1/jobs/7/events/", "/v1/jobs/7/8/events",
          "v1/jobs/7/events", "", "/", "/v2/jobs/7/events", "//v1/jobs/7/events"}) {
        INFO(path);
        CHECK_FALSE(pattern.match(path));
    }
    CHECK(RoutePattern("/").match("/"));
}

TEST_CASE("names of a route are decoded after the path is split", "[hvruntime][api]") {
    const RoutePattern pattern("/v1/{name}/{key}");
    const auto names = pattern.match("/v1/a%2Fb/%c3%A4%20x").value();
    CHECK(names.at("name") == "a/b");
    CHECK(names.at("key") == "\xc3\xa4 x");
    CHECK(pattern.match("/%761/a/b"));
    CHECK_FALSE(pattern.match("/v1/a%2/b"));
    CHECK_FALSE(pattern.match("/v1/a%zz/b"));
    CHECK_FALSE(pattern.match("/v1/a%00/b"));
    CHECK_FALSE(pattern.match("/v1/a/b%"));
}

TEST_CASE("percent decoding takes any bytes", "[hvruntime][api]") {
    CHECK(percent_decode("") == "");
    CHECK(percent_decode("%41%ff") == "A\xff");
    CHECK_FALSE(percent_decode("%"));
    CHECK_FALSE(percent_decode("%4"));
    CHECK_FALSE(percent_decode("%-1"));
}
