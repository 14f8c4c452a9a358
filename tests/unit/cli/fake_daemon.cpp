// SPDX-License-Identifier: Apache-2.0
// A daemon for the tests of the client: the real store, engine, server and job routes, with the
// file jobs of tests/unit/hvruntime/jobs/file_job.h behind POST /v1/test/jobs.
#include <poll.h>
#include <unistd.h>
#include <iostream>

#include "base/cli/io.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "hvruntime/api/job_routes.h"
#include "hvruntime/store/sqlite_store.h"
#include "tests/unit/hvruntime/jobs/file_job.h"

namespace {

int serve() {
    hvruntime::SqliteStore store(base::data_dir() / "store.db");
    hvruntime::JobEngine engine(store, tests::make_file_kinds());
    engine.recover();
    hvruntime::HttpServer server(base::runtime_dir() / "api.sock");
    hvruntime::add_job_routes(server, engine);
    server.route("POST", "/v1/test/jobs", [&](const hvruntime::Request& request) {
        return hvruntime::accepted_job(engine.submit({.kind = "keep-on",
                                                      .params = request.json(),
                                                      .asked_by = request.asked_by(),
                                                      .title = "make files",
                                                      .locks = {"world"}}));
    });
    server.route("GET", "/v1/test/pid", [](const hvruntime::Request&) {
        hvruntime::Reply reply;
        reply.body["pid"] = ::getpid();
        return reply;
    });
    server.route_upload("PUT", "/v1/test/upload", [](const hvruntime::Request& request) {
        hvruntime::Reply reply;
        std::size_t size = 0;
        std::vector<std::byte> buffer(65536);
        while (const std::size_t got = request.upload->read(buffer)) {
            size += got;
        }
        reply.body["size"] = size;
        return reply;
    });
    server.start();
    pollfd entry{base::interrupt().event_fd(), POLLIN, 0};
    while (!base::interrupt().raised()) {
        ::poll(&entry, 1, 1000);
    }
    engine.stop(std::chrono::milliseconds(0));
    server.stop();
    return 0;
}

}  // namespace

int main() {
    base::interrupt().install_handlers();
    base::cli::Io io{.out = std::cout, .err = std::cerr};
    return base::cli::run_main(io, serve);
}
