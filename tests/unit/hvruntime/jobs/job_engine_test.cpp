// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/jobs/job_engine.h"

#include <chrono>
#include <thread>

#include "base/file.h"
#include "hvruntime/store/sqlite_store.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/unit/hvruntime/jobs/file_job.h"

using namespace std::chrono_literals;
using base::ErrorKind;
using base::Json;
using hvruntime::JobEngine;
using hvruntime::JobId;
using hvruntime::JobRecord;
using hvruntime::JobState;
using hvruntime::SqliteStore;
using tests::error_of;
using tests::files_in;

namespace {

// Until the job says this.
void wait_for_text(JobEngine& engine, JobId id, const std::string& text) {
    for (std::uint64_t from = 0;;) {
        for (const Json& event : engine.events(id, from, 30s).events) {
            REQUIRE(event.at("type") != "end");
            if (event.value("text", "") == text) {
                return;
            }
            from = event.at("seq").get<std::uint64_t>() + 1;
        }
    }
}

struct World {
    SqliteStore store{":memory:"};
    base::TempDir dir;
    JobEngine engine;

    explicit World(hvruntime::JobEngineOptions options = {})
        : engine(store, tests::make_file_kinds(), std::move(options)) {
        engine.recover();
    }
    JobId submit(Json params = Json::object(), std::vector<std::string> locks = {"world"},
                 bool wait_for_locks = false) {
        params["dir"] = dir.path().string();
        return engine.submit({.kind = "keep-on",
                              .params = std::move(params),
                              .asked_by = "tester",
                              .title = "make files",
                              .locks = std::move(locks),
                              .wait_for_locks = wait_for_locks});
    }
    JobRecord wait(JobId id) { return engine.wait(id, 30s); }
    void wait_hanging(JobId id) { wait_for_text(engine, id, "hanging"); }
};

std::vector<std::string> step_states(const JobRecord& record) {
    std::vector<std::string> states;
    for (const auto& step : record.steps) {
        states.emplace_back(hvruntime::to_string(step.state));
    }
    return states;
}

}  // namespace

TEST_CASE("a job runs its steps in order, with those that come later", "[hvruntime][jobs]") {
    World world;
    const JobRecord record = world.wait(world.submit());
    CHECK(record.status == JobState::completed);
    CHECK(step_states(record) == std::vector<std::string>(5, "done"));
    CHECK(record.state.at("seen") == Json({"s1", "s2", "s3", "s4", "s5"}));
    CHECK(record.result == Json({{"files", 5}}));
    CHECK(record.error.is_null());
    CHECK(record.created_ms <= record.started_ms);
    CHECK(record.started_ms <= record.finished_ms);
    CHECK(files_in(world.dir.path()) == tests::kWholeWorld);
    CHECK(world.store.range("/jobs/locks/").entries.empty());
}

TEST_CASE("a failure at any step undoes all of the job and says why", "[hvruntime][jobs]") {
    const std::string step = GENERATE("s1", "s2", "s3", "s4", "s5");
    World world;
    const JobRecord record = world.wait(world.submit({{"fail_at", step}}));
    CHECK(record.status == JobState::failed);
    CHECK(record.error.at("kind") == "external");
    CHECK(record.error.at("message") == "the step was told to fail");
    CHECK(record.error.at("hint") == "tell it not to");
    CHECK(record.error.at("step") == step);
    CHECK(record.left().empty());
    CHECK(files_in(world.dir.path()).empty());

    const auto error = error_of([&] { hvruntime::throw_job_error(to_public_json(record)); });
    CHECK(error.kind() == ErrorKind::external);
    CHECK(error.message() == "make files: step '" + step + "': the step was told to fail");
    CHECK(error.hint() ==
          "tell it not to (everything was undone; its steps and its log: "
          "muster job show 1)");
    CHECK(world.wait(world.submit()).status == JobState::completed);  // the lock is free
}

TEST_CASE("an abort in any step undoes all of the job", "[hvruntime][jobs]") {
    const std::string step = GENERATE("s1", "s2", "s3", "s4", "s5");
    World world;
    const JobId id = world.submit({{"hang_at", step}});
    world.wait_hanging(id);
    world.engine.abort(id);
    const JobRecord record = world.wait(id);
    CHECK(record.status == JobState::aborted);
    CHECK(record.error.is_null());
    CHECK(files_in(world.dir.path()).empty());
    const auto error = error_of([&] { hvruntime::throw_job_error(to_public_json(record)); });
    CHECK(error.kind() == ErrorKind::interrupted);
    CHECK(error.message() == "make files: aborted in step '" + step + "'");
    CHECK_THAT(error.hint(), Catch::Contains("its log: muster job show 1"));
    CHECK(hvruntime::parse_job_record(to_stored_json(record)).aborted_at == step);
    CHECK_NOTHROW(world.engine.abort(id));  // again is fine
    CHECK(world.store.range("/jobs/locks/").entries.empty());
}

TEST_CASE("an abort that comes too late is a conflict", "[hvruntime][jobs]") {
    World world;
    const JobId done = world.submit();
    world.wait(done);
    CHECK(error_of([&] { world.engine.abort(done); }).kind() == ErrorKind::conflict);
    const base::TempDir other;
    const JobId failed = world.submit({{"fail_at", "s1"}});
    world.wait(failed);
    CHECK(error_of([&] { world.engine.abort(failed); }).kind() == ErrorKind::conflict);
    CHECK(error_of([&] { world.engine.abort(99); }).kind() == ErrorKind::not_found);
}

TEST_CASE("a failing undo is recorded, the others run, and it can be tried again",
          "[hvruntime][jobs]") {
    World world;
    base::write_file(world.dir.path() / "broken", "");
    const JobId id = world.submit({{"fail_at", "s5"}, {"fail_undo", "s2"}});
    JobRecord record = world.wait(id);
    CHECK(record.status == JobState::failed);
    CHECK(record.left() == std::vector<std::string>{"s2"});
    CHECK(step_states(record) ==
          std::vector<std::string>{"undone", "undo_failed", "undone", "undone", "undone"});
    CHECK(record.steps[1].undo_error.at("message") == "the undo is broken");
    CHECK(files_in(world.dir.path()) == std::set<std::string>{"broken", "s2"});
    CHECK_THAT(error_of([&] { hvruntime::throw_job_error(to_public_json(record)); }).hint(),
               Catch::Contains("muster job abort " + std::to_string(id)));

    SECTION("its locks stay held") {
        const auto error = error_of([&] { world.submit(); });
        CHECK(error.kind() == ErrorKind::conflict);
        CHECK_THAT(error.message(), Catch::Contains("left something of world behind"));
    }
    SECTION("abort tries again, as often as it is asked to") {
        world.engine.abort(id);
        CHECK(world.wait(id).left() == std::vector<std::string>{"s2"});
        std::filesystem::remove(world.dir.path() / "broken");
        world.engine.abort(id);
        record = world.wait(id);
        CHECK(record.status == JobState::failed);
        CHECK(record.left().empty());
        CHECK(record.error.at("step") == "s5");
        CHECK(files_in(world.dir.path()).empty());
        CHECK(world.wait(world.submit()).status == JobState::completed);
    }
    SECTION("abandon gives up what is left and frees the locks") {
        world.engine.abandon(id);
        CHECK(world.engine.require(id).left().empty());
        CHECK(error_of([&] { world.engine.abandon(id); }).kind() == ErrorKind::conflict);
        CHECK(world.store.range("/jobs/locks/").entries.empty());
    }
}

TEST_CASE("two jobs never work on the same object", "[hvruntime][jobs]") {
    World world;
    const JobId first = world.submit({{"hang_at", "s2"}});
    world.wait_hanging(first);

    SECTION("the second is refused and told who holds it") {
        const auto error = error_of([&] { world.submit(); });
        CHECK(error.kind() == ErrorKind::conflict);
        CHECK(error.message() == "job 1 (make files) is at work on world");
        CHECK(world.engine.list().size() == 1);
    }
    SECTION("one on another object runs") {
        const base::TempDir other;
        const JobId id = world.engine.submit(
            {.kind = "keep-on", .params = {{"dir", other.path().string()}}, .locks = {"other"}});
        CHECK(world.wait(id).status == JobState::completed);
    }
    SECTION("or the second waits its turn") {
        const JobId second = world.submit({}, {"else", "world"}, true);
        CHECK(world.engine.require(second).waits_for_locks);
        CHECK(world.engine.require(second).status == JobState::pending);
        world.engine.abort(first);
        CHECK(world.wait(second).status == JobState::completed);
        CHECK(world.wait(first).status == JobState::aborted);
        CHECK(files_in(world.dir.path()) == tests::kWholeWorld);
    }
    SECTION("one that waits can be aborted") {
        const JobId second = world.submit({}, {"world"}, true);
        world.engine.abort(second);
        CHECK(world.wait(second).status == JobState::aborted);
        CHECK(world.wait(second).steps.empty());
        CHECK(world.engine.require(first).status == JobState::running);
        CHECK(error_of([&] { world.submit(); }).kind() == ErrorKind::conflict);
    }
}

TEST_CASE("followers see the events of a job, then its end", "[hvruntime][jobs]") {
    World world;
    const JobId id = world.submit({{"fail_at", "s2"}});
    world.wait(id);
    const auto check = [&](const hvruntime::JobEvents& events) {
        REQUIRE(events.ended);
        std::vector<std::string> story;
        std::uint64_t last = 0;
        for (const Json& event : events.events) {
            CHECK(event.at("seq").get<std::uint64_t>() > last);
            last = event.at("seq").get<std::uint64_t>();
            if (event.at("type") == "step") {
                story.push_back(event.at("step").get<std::string>() + " " +
                                event.at("state").get<std::string>());
            }
        }
        CHECK(story == std::vector<std::string>{"s1 running", "s1 done", "s2 running", "s2 failed",
                                                "s2 undoing", "s2 undone", "s1 undoing",
                                                "s1 undone"});
        CHECK(events.events.back().at("type") == "end");
        CHECK(events.events.back().at("job").at("state") == "failed");
    };
    check(world.engine.events(id, 0, 1s));

    SECTION("from a number on") {
        const auto all = world.engine.events(id, 0, 1s).events;
        const auto from = all.at(3).at("seq").get<std::uint64_t>();
        CHECK(world.engine.events(id, from, 1s).events.size() == all.size() - 3);
        CHECK(world.engine.events(id, from + (1ULL << 40U), 1s).events.size() == 1);  // the end
    }
    SECTION("of no job there are none") {
        CHECK(error_of([&] { world.engine.events(7, 0, 1s); }).kind() == ErrorKind::not_found);
    }
}

TEST_CASE("a follower waits for the next event", "[hvruntime][jobs]") {
    World world;
    const JobId id = world.submit({{"hang_at", "s1"}});
    world.wait_hanging(id);
    const auto so_far = world.engine.events(id, 0, 1s).events;
    const auto next = so_far.back().at("seq").get<std::uint64_t>() + 1;
    CHECK(world.engine.events(id, next, 20ms).events.empty());
    world.engine.abort(id);
    CHECK_FALSE(world.engine.events(id, next, 30s).events.empty());
}

TEST_CASE("secrets of a job do not leave the daemon", "[hvruntime][jobs]") {
    World world;
    const JobId id = world.submit({{"password", "hunter2"}});
    const JobRecord record = world.wait(id);
    CHECK(record.params.at("password") == "hunter2");
    CHECK(to_public_json(record).dump().find("hunter2") == std::string::npos);
    CHECK(to_public_json(record).dump().find("\"seen\"") == std::string::npos);
}

TEST_CASE("old finished jobs are forgotten with their events", "[hvruntime][jobs]") {
    World world({.keep_finished = 3});
    std::vector<base::TempDir> dirs(6);
    for (const base::TempDir& dir : dirs) {
        world.wait(
            world.engine.submit({.kind = "keep-on", .params = {{"dir", dir.path().string()}}}));
    }
    world.engine.stop(5s);
    const auto records = world.engine.list();
    REQUIRE(records.size() == 3);
    CHECK(records[0].id == 6);
    CHECK(records[2].id == 4);
    CHECK(world.store.range("/jobs/events/00000000000000000003/").entries.empty());
    CHECK_FALSE(world.store.range("/jobs/events/00000000000000000004/").entries.empty());
}

TEST_CASE("the events of a job are kept bounded", "[hvruntime][jobs]") {
    SqliteStore store(":memory:");
    hvruntime::JobKind kind;
    kind.name = "chatty";
    kind.steps = [](const Json&, const Json&) {
        return std::vector<hvruntime::JobStep>{{"talk",
                                                [](hvruntime::JobContext& context) {
                                                    for (int i = 0; i < 1000; ++i) {
                                                        context.log("line " + std::to_string(i));
                                                        context.progress(1, 10, "");
                                                        if (i % 100 == 0) {
                                                            context.save();
                                                        }
                                                    }
                                                },
                                                {}}};
    };
    JobEngine engine(store, {kind}, {.keep_events = 20});
    engine.recover();
    const JobId id = engine.submit({.kind = "chatty"});
    CHECK(engine.wait(id, 30s).status == JobState::completed);
    engine.stop(5s);
    CHECK(store.range("/jobs/events/").entries.size() <= 20);
    CHECK(engine.events(id, 0, 1s).events.size() <= 21);
}

TEST_CASE("a stopped engine leaves its jobs for the next one", "[hvruntime][jobs]") {
    SqliteStore store(":memory:");
    const base::TempDir dir;
    const base::TempDir gate_dir;
    const auto gate = gate_dir.path() / "gate";
    const Json params{{"dir", dir.path().string()}, {"gate_at", "s2"}, {"gate", gate.string()}};
    std::uint64_t last_seq = 0;
    {
        JobEngine engine(store, tests::make_file_kinds());
        engine.recover();
        const JobId id = engine.submit({.kind = "keep-on", .params = params, .locks = {"world"}});
        wait_for_text(engine, id, "at the gate");
        engine.stop(0ms);
        CHECK(error_of([&] { engine.wait(id, 1s); }).kind() == ErrorKind::environment);
        CHECK(error_of([&] { engine.submit({.kind = "keep-on"}); }).kind() ==
              ErrorKind::environment);
        const auto events = engine.events(id, 0, 0ms).events;
        last_seq = events.back().at("seq").get<std::uint64_t>();
    }
    JobEngine engine(store, tests::make_file_kinds());
    engine.recover();
    CHECK(error_of([&] {
              engine.submit({.kind = "keep-on", .params = params, .locks = {"world"}});
          }).kind() == ErrorKind::conflict);
    base::write_file(gate, "");
    const JobRecord record = engine.wait(1, 30s);
    CHECK(record.status == JobState::completed);
    CHECK(record.runs == 1);
    CHECK(files_in(dir.path()) == tests::kWholeWorld);
    const auto after = engine.events(1, last_seq + 1, 0ms);
    CHECK(after.ended);
    CHECK(after.events.size() > 2);  // those of this run all have higher numbers
}

TEST_CASE("a stop with grace lets running jobs end", "[hvruntime][jobs]") {
    World world;
    const base::TempDir gate_dir;
    const auto gate = gate_dir.path() / "gate";
    const JobId id = world.submit({{"gate_at", "s2"}, {"gate", gate.string()}});
    wait_for_text(world.engine, id, "at the gate");
    // Opened when the stop has begun: only then is a new job refused as "stopping", not as locked.
    std::jthread opener([&] {
        tests::eventually(
            [&] { return error_of([&] { world.submit(); }).kind() == ErrorKind::environment; });
        base::write_file(gate, "");
    });
    world.engine.stop(60s);
    CHECK(world.engine.require(id).status == JobState::completed);
    CHECK(files_in(world.dir.path()) == tests::kWholeWorld);
}

TEST_CASE("a job of a kind that this program does not know fails and keeps its locks",
          "[hvruntime][jobs]") {
    SqliteStore store(":memory:");
    const base::TempDir dir;
    {
        JobEngine engine(store, tests::make_file_kinds());
        engine.recover();
        const JobId id = engine.submit({.kind = "keep-on",
                                        .params = {{"dir", dir.path().string()}, {"hang_at", "s2"}},
                                        .locks = {"world"}});
        wait_for_text(engine, id, "hanging");
    }
    {
        JobEngine engine(store, {});
        engine.recover();
        const JobRecord record = engine.wait(1, 30s);
        CHECK(record.status == JobState::failed);
        CHECK(record.error.at("kind") == "unsupported");
        CHECK(record.left() == std::vector<std::string>{"s1", "s2"});
    }
    JobEngine engine(store, tests::make_file_kinds());
    engine.recover();
    engine.abort(1);
    CHECK(engine.wait(1, 30s).left().empty());
    CHECK(files_in(dir.path()).empty());
}

TEST_CASE("hundreds of jobs at once complete, each with its steps on disk", "[hvruntime][jobs]") {
    const base::TempDir dir;
    SqliteStore store(dir.path() / "store.db");
    hvruntime::JobKind kind;
    kind.name = "quick";
    kind.steps = [](const Json&, const Json&) {
        std::vector<hvruntime::JobStep> steps;
        for (int i = 0; i < 5; ++i) {
            steps.push_back({"step " + std::to_string(i),
                             [](hvruntime::JobContext& context) { context.state()["n"] = 1; },
                             [](hvruntime::JobContext&) {}});
        }
        return steps;
    };
    JobEngine engine(store, {kind});
    engine.recover();
    constexpr int kJobs = 300;
    std::vector<JobId> ids;
    for (int i = 0; i < kJobs; ++i) {
        ids.push_back(engine.submit({.kind = "quick", .locks = {"object " + std::to_string(i)}}));
    }
    for (const JobId id : ids) {
        REQUIRE(engine.wait(id, 60s).status == JobState::completed);
    }
}
