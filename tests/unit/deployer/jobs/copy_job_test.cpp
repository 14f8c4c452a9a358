// SPDX-License-Identifier: Apache-2.0
// Copies of disks as jobs, of machines on the fake QEMU.
#include "deployer/jobs/copy_job.h"

#include "hvruntime/jobs/job_engine.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/unit/deployer/jobs/services_fixture.h"

namespace {

using base::ErrorKind;
using base::Json;
using hvruntime::JobState;
namespace fs = std::filesystem;

constexpr std::chrono::seconds kPatience{30};

// A deployment of one machine with two disks.
struct Copying : tests::ServicesFixture {
    hvruntime::JobEngine jobs{store, {deployer::copy_kind(services)}};
    deployer::Deployment deployment{.name = "shop"};
    const std::string id = deployer::machine_id_of("shop", "db");
    const fs::path folder = dir.path() / "copies";

    Copying() {
        deployment.plan.name = "shop";
        deployment.plan.machines.push_back({.name = "db"});
        base::make_dirs(folder);
        hvruntime::MachineSpec spec = tests::small_machine("db");
        spec.id = id;
        spec.disks.push_back({.id = "data", .capacity_bytes = base::kGiB});
        machines.runtime->create(spec);
        jobs.recover();
    }
    void start(const std::string& orders = "") {
        machines.order(orders);
        machines.runtime->start(id);
        channels.attach(id, machines.runtime->paths(id).guest_socket().string());
        CHECK(tests::eventually([&] {
            return channels.state(id).connected || orders.find("no-agent") != std::string::npos;
        }));
    }
    hvruntime::JobId submit(const std::string& freeze) {
        const Json request{
            {"machines", Json::array({"db"})}, {"folder", folder.string()}, {"freeze", freeze}};
        return jobs.submit({.kind = "copy",
                            .params = deployer::copy_params(deployment, request),
                            .asked_by = "test",
                            .title = "copy disks of shop"});
    }
    hvruntime::JobRecord run(const std::string& freeze) {
        return jobs.wait(submit(freeze), kPatience);
    }
};

}  // namespace

TEST_CASE("a job copies the disks of a machine, frozen when that is possible", "[deployer][copy]") {
    Copying copying;
    const auto [orders, freeze, frozen] =
        GENERATE(table<std::string, std::string, int>({{"", "required", 2},
                                                       {"", "possible", 2},
                                                       {"", "no", 0},
                                                       {"no-freeze", "possible", 0},
                                                       {"no-agent", "possible", 0},
                                                       {"freeze-late", "possible", 0},
                                                       {"freeze-fails", "possible", 0}}));
    CAPTURE(orders, freeze);
    copying.start(orders);
    const hvruntime::JobRecord record = copying.run(freeze);
    REQUIRE(record.status == JobState::completed);
    const Json machine = record.result.at("machines").at(0);
    CHECK(machine.at("name") == "db");
    CHECK(machine.at("frozen") == frozen);
    REQUIRE(machine.at("disks").size() == 2);
    for (const Json& disk : machine.at("disks")) {
        const std::string name = disk.at("id").get<std::string>();
        const fs::path file = copying.folder / "db" / (name + ".qcow2");
        CHECK(disk.at("file") == file.string());
        CHECK(disk.at("base") == "");
        CHECK(base::read_file(file) ==
              base::read_file(copying.machines.runtime->paths(copying.id).overlay(name)));
    }
    CHECK(copying.machines.runtime->copies_progress(copying.id).total_bytes == 0);
}

TEST_CASE("a copy that cannot be, fails or is aborted leaves nothing", "[deployer][copy]") {
    Copying copying;
    const auto fails_with = [&](const std::string& freeze, const std::string& kind,
                                const std::string& text) {
        CAPTURE(freeze, text);
        const hvruntime::JobRecord record = copying.run(freeze);
        CHECK(record.status == JobState::failed);
        CHECK(base::string_or(record.error, "kind", "") == kind);
        CHECK(base::string_or(record.error, "message", "").find(text) != std::string::npos);
        CHECK(fs::is_empty(copying.folder));
    };
    fails_with("no", "conflict", "it does not run");
    copying.start("no-agent");
    fails_with("required", "unsupported", "its guest agent is not connected");
    copying.machines.runtime->kill(copying.id);
    copying.channels.detach(copying.id);
    copying.start("freeze-late");
    fails_with("required", "timeout", "did not stand still until the copy had begun");
    copying.machines.order("copy-fails");
    fails_with("no", "external", "QEMU says: No space left on device");

    copying.machines.order("copy-ms=600000");
    const hvruntime::JobId id = copying.submit("no");
    CHECK(tests::eventually(
        [&] { return copying.machines.runtime->copies_progress(copying.id).total_bytes > 0; }));
    copying.jobs.abort(id);
    CHECK(copying.jobs.wait(id, kPatience).status == JobState::aborted);
    CHECK(fs::is_empty(copying.folder));
    CHECK(copying.machines.runtime->copies_progress(copying.id).total_bytes == 0);
    CHECK(copying.machines.state(copying.id) == hvruntime::MachineState::running);
}

TEST_CASE("what asks for no copy is refused", "[deployer][copy]") {
    Copying copying;
    const auto kind_of = [&](const Json& request) {
        return tests::error_of([&] { deployer::copy_params(copying.deployment, request); }).kind();
    };
    const std::string folder = copying.folder.string();
    CHECK(kind_of({{"machines", Json::array({"db"})}, {"folder", "copies"}}) == ErrorKind::usage);
    CHECK(kind_of({{"machines", Json::array()}, {"folder", folder}}) == ErrorKind::usage);
    CHECK(kind_of({{"machines", "db"}, {"folder", folder}}) == ErrorKind::usage);
    CHECK(kind_of({{"machines", Json::array({7})}, {"folder", folder}}) == ErrorKind::usage);
    CHECK(kind_of({{"folder", folder}}) == ErrorKind::usage);
    CHECK(kind_of({{"machines", Json::array({"db"})}, {"folder", folder}, {"freeze", "maybe"}}) ==
          ErrorKind::usage);
    CHECK(kind_of({{"machines", Json::array({"web"})}, {"folder", folder}}) ==
          ErrorKind::not_found);
    CHECK(kind_of({{"machines", Json::array({"db"})}, {"folder", folder + "/no"}}) ==
          ErrorKind::not_found);
}
