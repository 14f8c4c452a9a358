// SPDX-License-Identifier: Apache-2.0
// The process that job_recovery_test kills: STORE WORLD KIND JSON submits a job and waits for it,
// or, when KIND is "recover", recovers and waits for all. Exit code 0: the last job completed; 3:
// it failed; 4: it was aborted.
#include <iostream>

#include "base/json.h"
#include "hvruntime/jobs/job_engine.h"
#include "hvruntime/store/sqlite_store.h"
#include "tests/unit/hvruntime/jobs/file_job.h"

namespace {

int run(const std::string& store_path, const std::string& world, const std::string& kind,
        const std::string& extra) {
    hvruntime::SqliteStore store(store_path);
    hvruntime::JobEngine engine(store, tests::make_file_kinds());
    engine.recover();
    hvruntime::JobId id = 0;
    base::Json params = base::parse_json(extra, "the parameters");
    if (kind != "recover") {
        params["dir"] = world;
        id = engine.submit({.kind = kind, .params = params, .locks = {"world"}});
    } else {
        const auto all = engine.list();
        if (all.empty()) {
            return 5;
        }
        id = all.front().id;
    }
    if (params.contains("abort_at")) {
        bool hanging = false;
        for (std::uint64_t from = 0; !hanging;) {
            for (const auto& event : engine.events(id, from, std::chrono::seconds(30)).events) {
                from = event.at("seq").get<std::uint64_t>() + 1;
                hanging = hanging || event.value("text", "") == "hanging";
            }
        }
        engine.abort(id);
    }
    const auto record = engine.wait(id, std::chrono::seconds(60));
    switch (record.status) {
        case hvruntime::JobState::completed: return 0;
        case hvruntime::JobState::failed: return 3;
        case hvruntime::JobState::aborted: return 4;
        default: return 6;
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> args(argv, argv + argc);
    if (args.size() != 5) {
        return 2;
    }
    try {
        return run(args[1], args[2], args[3], args[4]);
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
