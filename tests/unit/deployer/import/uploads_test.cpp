// SPDX-License-Identifier: Apache-2.0
#include "deployer/import/uploads.h"

#include <csignal>
#include <thread>
#include <vector>

#include "base/error.h"
#include "tests/support/catch.h"

using namespace std::chrono_literals;  // NOLINT: a test file

TEST_CASE("an upload passes from the client to the job", "[deployer][uploads]") {
    deployer::Uploads uploads;
    const std::string data(3U << 20U, 'd');
    std::thread client([&] {
        base::MemorySource body(data);
        uploads.feed("token", body);
    });
    const auto source = uploads.take("token", "standard input", 30s, [] {});
    std::string got;
    std::vector<std::byte> buffer(100000);
    while (const std::size_t count = source->read(buffer)) {
        got += base::as_text(std::span(buffer).first(count));
    }
    client.join();
    CHECK(got == data);
}

TEST_CASE("a job that gives up does not hang its client", "[deployer][uploads]") {
    std::signal(SIGPIPE, SIG_IGN);
    deployer::Uploads uploads;
    std::thread client([&] {
        base::MemorySource body(std::string(3U << 20U, 'd'));
        uploads.feed("token", body);
    });
    uploads.take("token", "standard input", 30s, [] {}).reset();
    client.join();
    SUCCEED();
}

TEST_CASE("nobody sends: the job is told", "[deployer][uploads]") {
    deployer::Uploads uploads;
    const auto error =
        tests::error_of([&] { uploads.take("token", "standard input", 150ms, [] {}); });
    CHECK(error.kind() == base::ErrorKind::timeout);
}
