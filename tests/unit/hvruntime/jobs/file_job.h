// SPDX-License-Identifier: Apache-2.0
// A job whose world is a folder: step N makes the file sN, which must not be there yet, and its
// undo removes it. Steps s4 and s5 come into the list only when s3 has run.
// Params: dir; fail_at: a step that throws half-way; fail_undo: one whose undo throws while the
// file "broken" is there; hang_at: a step that says "hanging" and waits for the abort; gate_at,
// gate_undo_at: a step, an undo that waits until the file `gate` is there.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "hvruntime/jobs/job.h"

namespace tests {

inline std::filesystem::path world_of(const hvruntime::JobContext& context) {
    return base::require_string(context.params(), "dir");
}

inline void wait_at_gate(hvruntime::JobContext& context, const std::string& param,
                         const std::string& name) {
    if (base::string_or(context.params(), param, "") == name) {
        context.log("at the gate");
        while (!std::filesystem::exists(base::require_string(context.params(), "gate"))) {
            context.pause(std::chrono::milliseconds(5));
        }
    }
}

inline hvruntime::JobStep make_file_step(const std::string& name) {
    using hvruntime::JobContext;
    hvruntime::JobStep step;
    step.name = name;
    step.run = [name](JobContext& context) {
        const auto path = world_of(context) / name;
        base::open_file(path.string() + ".half", O_CREAT | O_EXCL | O_WRONLY);
        context.state()["seen"].push_back(name);
        context.save();
        context.progress(1, 2, "half");
        if (base::string_or(context.params(), "fail_at", "") == name) {
            throw base::Error(base::ErrorKind::external, "the step was told to fail",
                              "tell it not to");
        }
        if (base::string_or(context.params(), "hang_at", "") == name) {
            context.log("hanging");
            context.pause(std::chrono::hours(1));
        }
        wait_at_gate(context, "gate_at", name);
        context.pause(std::chrono::milliseconds(context.params().value("slow_ms", 0)));
        base::open_file(path.string(), O_CREAT | O_EXCL | O_WRONLY);
        std::filesystem::remove(path.string() + ".half");
        if (name == "s3") {
            context.state()["more"] = true;
        }
        if (name == "s5") {
            context.set_result({{"files", 5}});
        }
    };
    step.undo = [name](JobContext& context) {
        const auto path = world_of(context) / name;
        if (base::string_or(context.params(), "fail_undo", "") == name &&
            std::filesystem::exists(world_of(context) / "broken")) {
            throw base::Error(base::ErrorKind::environment, "the undo is broken");
        }
        context.check_abort();  // while undoing this must not throw
        wait_at_gate(context, "gate_undo_at", name);
        std::filesystem::remove(path);
        std::filesystem::remove(path.string() + ".half");
    };
    return step;
}

inline hvruntime::JobKind make_file_kind(const std::string& name, hvruntime::Recovery recovery) {
    hvruntime::JobKind kind;
    kind.name = name;
    kind.recovery = recovery;
    kind.steps = [](const base::Json& /*params*/, const base::Json& state) {
        std::vector<hvruntime::JobStep> steps;
        const int count = state.value("more", false) ? 5 : 3;
        for (int i = 1; i <= count; ++i) {
            steps.push_back(make_file_step("s" + std::to_string(i)));
        }
        return steps;
    };
    return kind;
}

inline std::vector<hvruntime::JobKind> make_file_kinds() {
    return {make_file_kind("keep-on", hvruntime::Recovery::resume),
            make_file_kind("all-or-nothing", hvruntime::Recovery::roll_back)};
}

inline std::set<std::string> files_in(const std::filesystem::path& dir) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(dir)) {
        names.insert(entry.path().filename().string());
    }
    return names;
}

inline const std::set<std::string> kWholeWorld = {"s1", "s2", "s3", "s4", "s5"};

}  // namespace tests
