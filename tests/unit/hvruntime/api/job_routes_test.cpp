// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/api/job_routes.h"

#include "base/file.h"
#include "base/http_client.h"
#include "hvruntime/store/sqlite_store.h"
#include "tests/support/catch.h"
#include "tests/unit/hvruntime/jobs/file_job.h"

using namespace std::chrono_literals;
using base::Json;

namespace {

struct Daemon {
    base::TempDir dir;
    base::TempDir world;
    hvruntime::SqliteStore store{":memory:"};
    hvruntime::JobEngine engine{store, tests::make_file_kinds()};
    hvruntime::HttpServer server{dir.path() / "api.sock"};

    Daemon() {
        engine.recover();
        hvruntime::add_job_routes(server, engine);
        server.start();
    }
    hvruntime::JobId submit(Json params) {
        params["dir"] = world.path().string();
        return engine.submit({.kind = "keep-on", .params = std::move(params), .title = "files"});
    }
    base::HttpResponse send(const std::string& method, const std::string& path) const {
        base::HttpRequest request;
        request.method = method;
        request.url = "http://muster" + path;
        request.unix_socket = server.socket_path().string();
        return base::http_call(request);
    }
    Json call(const std::string& method, const std::string& path) const {
        return base::parse_json(send(method, path).body, "the reply");
    }
};

}  // namespace

TEST_CASE("the daemon tells its version and API level", "[hvruntime][api]") {
    const Daemon daemon;
    CHECK(daemon.call("GET", "/v1/version").at("version") == MUSTER_VERSION);
    CHECK(daemon.call("GET", "/v1/version").at("api") == hvruntime::kApiLevel);
}

TEST_CASE("jobs are listed, shown and followed over the API", "[hvruntime][api]") {
    Daemon daemon;
    CHECK(daemon.call("GET", "/v1/jobs").at("jobs").empty());
    const auto id = std::to_string(daemon.submit({{"slow_ms", 30}}));
    const std::string lines = daemon.send("GET", "/v1/jobs/" + id + "/events?from=0").body;
    std::vector<Json> events;
    for (std::size_t at = 0; at < lines.size();) {
        const std::size_t end = lines.find('\n', at);
        REQUIRE(end != std::string::npos);
        if (end > at) {
            events.push_back(base::parse_json(lines.substr(at, end - at), "a line"));
        }
        at = end + 1;
    }
    REQUIRE(events.size() > 10);
    CHECK(events.back().at("type") == "end");
    CHECK(events.back().at("job").at("state") == "completed");
    CHECK(events.back().at("job").at("result").at("files") == 5);
    CHECK(daemon.call("GET", "/v1/jobs").at("jobs").at(0).at("title") == "files");
    CHECK(daemon.call("GET", "/v1/jobs/" + id).at("steps").size() == 5);
}

TEST_CASE("a job is aborted over the API", "[hvruntime][api]") {
    Daemon daemon;
    const auto id = daemon.submit({{"hang_at", "s3"}});
    const std::string path = "/v1/jobs/" + std::to_string(id);
    CHECK(daemon.send("POST", path + "/abort").status == 202);
    CHECK(daemon.engine.wait(id, 10s).status == hvruntime::JobState::aborted);
    CHECK(tests::files_in(daemon.world.path()).empty());
    CHECK(daemon.send("POST", path + "/abandon").status == 409);
}

TEST_CASE("jobs that are not there are errors with a hint", "[hvruntime][api]") {
    const Daemon daemon;
    for (const std::string path : {"/v1/jobs/7", "/v1/jobs/7/events"}) {
        CHECK(daemon.send("GET", path).status == 404);
        CHECK(daemon.call("GET", path).at("hint") == "see 'muster jobs'");
    }
    CHECK(daemon.send("POST", "/v1/jobs/7/abort").status == 404);
    CHECK(daemon.send("GET", "/v1/jobs/x").status == 400);
}
