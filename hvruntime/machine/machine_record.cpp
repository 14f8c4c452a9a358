// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/machine_record.h"

#include <chrono>

#include "base/file.h"

namespace hvruntime {

namespace {

std::string_view to_string(MachinePhase phase) {
    switch (phase) {
        case MachinePhase::stopped: return "stopped";
        case MachinePhase::starting: return "starting";
        case MachinePhase::running: return "running";
    }
    return "stopped";
}

MachinePhase parse_phase(std::string_view text) {
    return text == "running"    ? MachinePhase::running
           : text == "starting" ? MachinePhase::starting
                                : MachinePhase::stopped;
}

}  // namespace

base::Json to_json(const MachineExit& exit) {
    base::Json json{{"reason", exit.reason}, {"at_ms", exit.at_ms}};
    if (exit.status) {
        json["status"] = *exit.status;
    }
    return json;
}

MachineRecord read_machine_record(const MachinePaths& paths) {
    if (!std::filesystem::exists(paths.state())) {
        return {};
    }
    const base::Json json =
        base::parse_json(base::read_file(paths.state()), paths.state().string());
    MachineRecord record{.phase = parse_phase(base::require_string(json, "phase")),
                         .process = {.pid = json.value("pid", -1),
                                     .start_time = json.value("start_time", std::uint64_t{0})},
                         .boot_id = base::require_string(json, "boot_id"),
                         .accel = base::require_string(json, "accel"),
                         .started_at_ms = json.value("started_at_ms", std::int64_t{0}),
                         .exit = std::nullopt};
    if (const auto exit = json.find("exit"); exit != json.end()) {
        record.exit = MachineExit{.reason = base::require_string(*exit, "reason"),
                                  .status = std::nullopt,
                                  .at_ms = exit->value("at_ms", std::int64_t{0})};
        if (exit->contains("status")) {
            record.exit->status = exit->value("status", 0);
        }
    }
    return record;
}

void write_machine_record(const MachinePaths& paths, const MachineRecord& record) {
    base::Json json{{"phase", to_string(record.phase)},
                    {"pid", record.process.pid},
                    {"start_time", record.process.start_time},
                    {"boot_id", record.boot_id},
                    {"accel", record.accel},
                    {"started_at_ms", record.started_at_ms}};
    if (record.exit) {
        json["exit"] = to_json(*record.exit);
    }
    base::write_file(paths.state(), base::to_json_text(json, 2), 0600);
}

std::string host_boot_id() {
    std::string text = base::read_file("/proc/sys/kernel/random/boot_id", 4096);
    while (!text.empty() && text.back() == '\n') {
        text.pop_back();
    }
    return text;
}

std::int64_t unix_time_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace hvruntime
