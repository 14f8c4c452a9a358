// SPDX-License-Identifier: Apache-2.0
#include "cli/daemon_client.h"

#include <csignal>
#include <cstdlib>
#include <sstream>
#include <thread>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/process.h"
#include "cli/cmd_job.h"
#include "cli/cmd_jobs.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/unit/hvruntime/jobs/file_job.h"

using namespace std::chrono_literals;
using base::ErrorKind;
using base::Json;
using cli::DaemonClient;
using cli::DaemonOptions;
using tests::error_of;
using tests::eventually;
using tests::files_in;

namespace {

const std::filesystem::path kFakeDaemon = MUSTER_BINARY_DIR "/bin/fake_daemon";

// Folders of its own for everything that client and daemon keep, and no daemon left behind.
class Home {
  public:
    Home() {
        ::setenv("XDG_RUNTIME_DIR", (dir_.path() / "run").c_str(), 1);
        ::setenv("XDG_DATA_HOME", (dir_.path() / "data").c_str(), 1);
        ::unsetenv("MUSTER_POOL");
    }
    Home(const Home&) = delete;
    Home& operator=(const Home&) = delete;
    ~Home() {
        base::guarded("test", [this] {
            base::interrupt().clear();
            const DaemonClient client({.start = false, .program = kFakeDaemon});
            stop_daemon(client, SIGTERM);
        });
    }
    static DaemonClient client() { return DaemonClient({.program = kFakeDaemon}); }
    static pid_t pid_of(const DaemonClient& client) {
        return client.call("GET", "/v1/test/pid").at("pid").get<pid_t>();
    }
    static void stop_daemon(const DaemonClient& client, int signal) {
        const auto id = base::find_process(pid_of(client));
        REQUIRE(id);
        base::send_signal(*id, signal);
        REQUIRE(base::wait_gone(*id, 20s));
    }
    std::uint64_t submit(const DaemonClient& client, Json params = Json::object()) const {
        params["dir"] = world_.path().string();
        return client.call("POST", "/v1/test/jobs", params).at("job").get<std::uint64_t>();
    }
    std::set<std::string> world() const { return files_in(world_.path()); }
    std::filesystem::path path() const { return dir_.path(); }

  private:
    base::TempDir dir_;
    base::TempDir world_;
};

struct Output {
    std::ostringstream out;
    std::ostringstream err;
    base::cli::Io io{.out = out, .err = err};
};

}  // namespace

TEST_CASE("the client starts the daemon when nobody listens, and finds it afterwards",
          "[cli][daemon]") {
    const Home home;
    const DaemonClient first = Home::client();
    const pid_t pid = Home::pid_of(first);
    CHECK(Home::pid_of(Home::client()) == pid);
    CHECK(Home::pid_of(DaemonClient({.pool = first.socket_path()})) == pid);
    CHECK(std::filesystem::exists(home.path() / "data/muster/serve.log"));
}

TEST_CASE("programs that start at once share one daemon", "[cli][daemon]") {
    const Home home;
    std::vector<pid_t> pids(5);
    {
        std::vector<std::jthread> threads;
        for (pid_t& pid : pids) {
            threads.emplace_back([&pid] { pid = Home::pid_of(Home::client()); });
        }
    }
    CHECK(pids[0] > 0);
    CHECK(pids == std::vector<pid_t>(5, pids[0]));
}

TEST_CASE("a daemon that does not come up is an error with what it said", "[cli][daemon]") {
    const Home home;
    DaemonOptions options;
    options.program = "/bin/sh";
    options.arguments = {"-c", "echo the disk is on fire >&2; exit 3"};
    try {
        const DaemonClient client(options);
        FAIL("a client without a daemon");
    } catch (const base::CommandError& error) {
        CHECK_THAT(error.stderr_tail(), Catch::Contains("the disk is on fire"));
        CHECK_THAT(error.hint(), Catch::Contains("serve.log"));
    }
    base::write_file(home.path() / "data/muster/store.db", "no database, but many bytes of text");
    CHECK(error_of([] { Home::client(); }).kind() == ErrorKind::external);
    std::filesystem::remove(home.path() / "data/muster/store.db");
    CHECK_NOTHROW(Home::client());
}

TEST_CASE("a daemon that was asked for by name is not started", "[cli][daemon]") {
    const Home home;
    CHECK(error_of([&] { DaemonClient({.pool = (home.path() / "x.sock").string()}); }).kind() ==
          ErrorKind::environment);
    CHECK(error_of([] { DaemonClient({.pool = "https://pool.example.org"}); }).kind() ==
          ErrorKind::unsupported);
    CHECK(error_of([] { DaemonClient({.start = false}); }).kind() == ErrorKind::not_found);
    ::setenv("MUSTER_POOL", (home.path() / "y.sock").c_str(), 1);
    Output output;
    CHECK_THAT(error_of([&] { DaemonClient::open(output.io); }).message(),
               Catch::Contains("y.sock"));
    output.io.pool = (home.path() / "z.sock").string();
    CHECK_THAT(error_of([&] { DaemonClient::open(output.io); }).message(),
               Catch::Contains("z.sock"));
    ::unsetenv("MUSTER_POOL");
    CHECK_NOTHROW(Home::client());
}

TEST_CASE("errors of the daemon come out as they went in", "[cli][daemon]") {
    const Home home;
    const DaemonClient client = Home::client();
    const auto error = error_of([&] { client.call("GET", "/v1/jobs/9"); });
    CHECK(error.kind() == ErrorKind::not_found);
    CHECK(error.message() == "there is no job 9");
    CHECK(error.hint() == "see 'muster jobs'");
    CHECK(error_of([&] {
              client.stream_lines("/v1/jobs/9/events", [](const Json&) { return true; });
          }).kind() == ErrorKind::not_found);
    base::MemorySource source(std::string(3'000'000, 'x'));
    CHECK(client.upload("PUT", "/v1/test/upload", source).at("size") == 3'000'000);
}

TEST_CASE("a job is followed to its end", "[cli][daemon]") {
    const Home home;
    const DaemonClient client = Home::client();
    Output output;
    const Json job = client.follow_job(home.submit(client), output.io);
    CHECK(job.at("state") == "completed");
    CHECK(job.at("result").at("files") == 5);
    CHECK(home.world() == tests::kWholeWorld);
    CHECK(output.err.str().empty());  // no terminal, no progress
}

TEST_CASE("on a terminal each step has its line", "[cli][daemon]") {
    const Home home;
    const DaemonClient client = Home::client();
    Output output;
    output.io.err_is_terminal = true;
    client.follow_job(home.submit(client), output.io);
    CHECK_THAT(output.err.str(), Catch::Contains("  s1  ") && Catch::Contains("  s5  "));
}

TEST_CASE("the error of a failed job is thrown to who follows it", "[cli][daemon]") {
    const Home home;
    const DaemonClient client = Home::client();
    Output output;
    const auto id = home.submit(client, {{"fail_at", "s4"}});
    const auto error = error_of([&] { client.follow_job(id, output.io); });
    CHECK(error.kind() == ErrorKind::external);
    CHECK(error.message() == "make files: step 's4': the step was told to fail");
    CHECK(home.world().empty());
}

TEST_CASE("following outlives a daemon that is stopped or killed", "[cli][daemon]") {
    const int signal = GENERATE(SIGTERM, SIGKILL);
    const Home home;
    const DaemonClient client = Home::client();
    const std::filesystem::path gate = home.path() / "gate";
    const auto id = home.submit(client, {{"gate_at", "s2"}, {"gate", gate.string()}});
    std::jthread killer([&] {
        eventually([&] { return home.world().contains("s2.half"); });
        const auto daemon = base::find_process(Home::pid_of(client));
        base::send_signal(*daemon, signal);
        base::wait_gone(*daemon, 20s);  // we are its parent: reap it
        base::write_file(gate, "");
    });
    Output output;
    const Json job = client.follow_job(id, output.io);
    CHECK(job.at("state") == "completed");
    CHECK(job.at("runs") == 1);
    CHECK(home.world() == tests::kWholeWorld);
}

TEST_CASE("Ctrl-C undoes the job that is followed", "[cli][daemon]") {
    const Home home;
    const DaemonClient client = Home::client();
    const auto id = home.submit(client, {{"hang_at", "s3"}});
    std::jthread user([&] {
        eventually([&] { return home.world().contains("s3.half"); });
        base::interrupt().raise();
    });
    Output output;
    const int code = base::cli::run_main(output.io, [&] {
        client.follow_job(id, output.io);
        return 0;
    });
    CHECK(code == 130);
    CHECK_THAT(output.err.str(), Catch::Contains("everything was undone"));
    CHECK(home.world().empty());
    CHECK(client.call("GET", "/v1/jobs/" + std::to_string(id)).at("state") == "aborted");
    CHECK_FALSE(base::interrupt().raised());
}

TEST_CASE("further Ctrl-C do not keep the first from the daemon", "[cli][daemon]") {
    const Home home;
    const DaemonClient client = Home::client();
    const auto id = home.submit(client, {{"hang_at", "s3"}});
    std::jthread user([&] {
        eventually([&] { return home.world().contains("s3.half"); });
        for (int i = 0; i < 30; ++i) {
            base::interrupt().raise();
            std::this_thread::sleep_for(1ms);
        }
    });
    Output output;
    CHECK(error_of([&] { client.follow_job(id, output.io); }).kind() == ErrorKind::interrupted);
    user.join();
    base::interrupt().clear();
    CHECK(eventually([&] {
        return client.call("GET", "/v1/jobs/" + std::to_string(id)).at("state") == "aborted";
    }));
    CHECK(home.world().empty());
}

TEST_CASE("Ctrl-C during the undo leaves it to the daemon", "[cli][daemon]") {
    const Home home;
    const DaemonClient client = Home::client();
    const std::filesystem::path gate = home.path() / "gate";
    const auto id =
        home.submit(client, {{"hang_at", "s3"}, {"gate_undo_at", "s2"}, {"gate", gate.string()}});
    eventually([&] { return home.world().contains("s3.half"); });
    std::jthread user([](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            base::interrupt().raise();
            std::this_thread::sleep_for(20ms);
        }
    });
    Output output;
    const auto error = error_of([&] { client.follow_job(id, output.io); });
    user.request_stop();
    user.join();
    base::interrupt().clear();
    CHECK(error.kind() == ErrorKind::interrupted);
    CHECK_THAT(error.message(), Catch::Contains("is still being undone"));
    base::write_file(gate, "");
    CHECK(eventually([&] { return home.world().empty(); }));
}

TEST_CASE("jobs are listed, shown, aborted and abandoned by their verbs", "[cli][daemon]") {
    const Home home;
    const DaemonClient client = Home::client();
    Output output;
    output.io.pool = client.socket_path();
    client.wait_job(home.submit(client), output.io);

    SECTION("list") {
        REQUIRE(cli::run_jobs({}, output.io) == 0);
        CHECK_THAT(output.out.str(), Catch::StartsWith("JOB  STATE      WHAT        STEP") &&
                                         Catch::Contains("1    completed  make files"));
    }
    SECTION("list as JSON") {
        output.io.json = true;
        REQUIRE(cli::run_jobs({}, output.io) == 0);
        const Json jobs = base::parse_json(output.out.str(), "output");
        CHECK(jobs.at(0).at("id") == 1);
        CHECK_FALSE(jobs.at(0).contains("params"));
    }
    SECTION("show") {
        REQUIRE(cli::run_job_show({.id = 1}, output.io) == 0);
        CHECK_THAT(output.out.str(),
                   Catch::Contains("State:    completed\n") && Catch::Contains("\ns5    done"));
        CHECK(error_of([&] { cli::run_job_show({.id = 4}, output.io); }).kind() ==
              ErrorKind::not_found);
    }
    SECTION("abort") {
        // The files of job 1 are there, so this one goes to another folder.
        const base::TempDir other;
        const Json params{{"dir", other.path().string()}, {"hang_at", "s2"}};
        const auto id = client.call("POST", "/v1/test/jobs", params).at("job").get<std::uint64_t>();
        CHECK(cli::run_job_abort({.id = id}, output.io) == 0);
        CHECK(files_in(other.path()).empty());
        CHECK(error_of([&] { cli::run_job_abort({.id = 1}, output.io); }).kind() ==
              ErrorKind::conflict);
    }
    SECTION("abandon") {
        const base::TempDir other;
        base::write_file(other.path() / "broken", "");
        const Json params{{"dir", other.path().string()}, {"hang_at", "s2"}, {"fail_undo", "s1"}};
        const auto id = client.call("POST", "/v1/test/jobs", params).at("job").get<std::uint64_t>();
        while (client.call("GET", "/v1/jobs/" + std::to_string(id)).at("steps").size() < 2 ||
               client.call("GET", "/v1/jobs/" + std::to_string(id)).at("steps")[1].at("state") !=
                   "running") {
            std::this_thread::sleep_for(5ms);
        }
        const auto error = error_of([&] { cli::run_job_abort({.id = id}, output.io); });
        CHECK(error.kind() == ErrorKind::partial);
        CHECK(cli::run_job_show({.id = id}, output.io) == 0);
        CHECK_THAT(output.out.str(), Catch::Contains("aborted, not all undone") &&
                                         Catch::Contains("undo_failed: the undo is broken"));
        CHECK(cli::run_job_abandon({.id = id}, output.io) == 0);
        CHECK(files_in(other.path()) == std::set<std::string>{"broken", "s1"});
    }
}
