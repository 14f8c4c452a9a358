// SPDX-License-Identifier: Apache-2.0
// kill -9 at every step boundary: after a restart the world is whole or empty, never between.
#include <csignal>
#include <thread>

#include "base/process.h"
#include "hvruntime/jobs/job_engine.h"
#include "hvruntime/store/sqlite_store.h"
#include "tests/support/catch.h"
#include "tests/unit/hvruntime/jobs/file_job.h"

namespace {

constexpr int kKilled = 128 + SIGKILL;
constexpr int kCompleted = 0;
constexpr int kFailed = 3;
constexpr int kAborted = 4;

class Crash {
  public:
    base::Command command(const std::string& kind, const std::string& params,
                          const std::string& kill_at) const {
        base::Command command;
        command.argv = {MUSTER_BINARY_DIR "/bin/job_killed_child", (dir_.path() / "store.db"),
                        world(), kind, params};
        if (!kill_at.empty()) {
            command.env["MUSTER_TEST_KILL_AT"] = kill_at;
        }
        return command;
    }
    int run(const std::string& kind, const std::string& params, const std::string& kill_at) const {
        const auto result = base::run(command(kind, params, kill_at));
        INFO(result.err);
        CHECK(result.err.empty());
        return result.status;
    }
    int recover(const std::string& kill_at = "") const { return run("recover", "{}", kill_at); }
    std::string world() const { return world_.path().string(); }
    std::set<std::string> files() const { return tests::files_in(world_.path()); }
    // No lock, no abort wish is left behind, and the world can be worked on again.
    void check_clean() const {
        hvruntime::SqliteStore store(dir_.path() / "store.db");
        CHECK(store.range("/jobs/locks/").entries.empty());
        CHECK(store.range("/jobs/aborts/").entries.empty());
    }

  private:
    base::TempDir dir_;
    base::TempDir world_;
};

const std::vector<std::string> kSteps = {"s1", "s2", "s3", "s4", "s5"};

}  // namespace

TEST_CASE("a job killed at any step boundary goes on after a restart", "[hvruntime][jobs]") {
    for (const std::string& step : kSteps) {
        for (const std::string phase : {"before", "after"}) {
            const Crash crash;
            INFO("killed at " << step << " " << phase);
            CHECK(crash.run("keep-on", "{}", "keep-on:" + step + ":" + phase) == kKilled);
            CHECK(crash.recover() == kCompleted);
            CHECK(crash.files() == tests::kWholeWorld);
            crash.check_clean();
        }
    }
}

TEST_CASE("a job of the other policy killed at any step boundary never happened",
          "[hvruntime][jobs]") {
    for (const std::string& step : kSteps) {
        for (const std::string phase : {"before", "after"}) {
            const Crash crash;
            INFO("killed at " << step << " " << phase);
            const std::string kill_at = "all-or-nothing:" + step + ":" + phase;
            CHECK(crash.run("all-or-nothing", "{}", kill_at) == kKilled);
            CHECK(crash.recover() == kFailed);
            CHECK(crash.files().empty());
            crash.check_clean();
        }
    }
}

TEST_CASE("a job killed while it is undone is undone after a restart", "[hvruntime][jobs]") {
    const std::string kind = GENERATE("keep-on", "all-or-nothing");
    for (const std::string& step : kSteps) {
        for (const std::string phase : {"undo-before", "undo-after"}) {
            const Crash crash;
            INFO("killed at " << step << " " << phase);
            const std::string kill_at = kind + ":" + step + ":" + phase;
            CHECK(crash.run(kind, R"({"fail_at": "s5"})", kill_at) == kKilled);
            CHECK(crash.recover() == kFailed);
            CHECK(crash.files().empty());
            crash.check_clean();
        }
    }
}

TEST_CASE("an abort outlives a kill during its undo", "[hvruntime][jobs]") {
    const std::string kind = GENERATE("keep-on", "all-or-nothing");
    for (const std::string step : {"s1", "s2", "s3"}) {
        for (const std::string phase : {"undo-before", "undo-after"}) {
            const Crash crash;
            INFO("killed at " << step << " " << phase);
            CHECK(crash.run(kind, R"({"hang_at": "s3", "abort_at": true})",
                            kind + ":" + step + ":" + phase) == kKilled);
            CHECK(crash.recover() == kAborted);
            CHECK(crash.files().empty());
            crash.check_clean();
        }
    }
}

TEST_CASE("a recovery that is killed too is recovered", "[hvruntime][jobs]") {
    for (const std::string& step : kSteps) {
        const Crash crash;
        CHECK(crash.run("keep-on", "{}", "keep-on:" + step + ":after") == kKilled);
        CHECK(crash.recover("keep-on:" + step + ":before") == kKilled);
        CHECK(crash.recover("keep-on:" + step + ":after") == kKilled);
        CHECK(crash.recover() == kCompleted);
        CHECK(crash.files() == tests::kWholeWorld);
    }
    for (const std::string& step : kSteps) {
        const Crash crash;
        CHECK(crash.run("all-or-nothing", "{}", "all-or-nothing:" + step + ":after") == kKilled);
        CHECK(crash.recover("all-or-nothing:" + step + ":undo-before") == kKilled);
        CHECK(crash.recover("all-or-nothing:s1:undo-after") == kKilled);
        CHECK(crash.recover() == kFailed);
        CHECK(crash.files().empty());
        crash.check_clean();
    }
}

TEST_CASE("a kill at any moment inside a step is recovered", "[hvruntime][jobs]") {
    for (int i = 0; i < 40; ++i) {
        const std::string kind = i % 2 == 0 ? "keep-on" : "all-or-nothing";
        const Crash crash;
        {
            base::Process process(crash.command(kind, R"({"slow_ms": 4})", ""));
            process.wait(std::chrono::milliseconds(5 + i * 2));
            process.stop(std::chrono::milliseconds(0));
        }
        const int status = crash.recover();
        INFO("round " << i << ", status " << status);
        CHECK((status == kCompleted || status == kFailed || status == 5));  // 5: killed too early
        CHECK(crash.files() ==
              (status == kCompleted ? tests::kWholeWorld : std::set<std::string>{}));
        CHECK((status != kFailed || kind == "all-or-nothing"));
        crash.check_clean();
    }
}
