// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_jobs.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "cli/daemon_client.h"
#include "cli/job_text.h"
#include "cli/table.h"

namespace cli {

void add_jobs(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<JobsOptions>();
    CLI::App* verb = app.add_subcommand("jobs", "list what the daemon is doing and has done");
    verb->add_flag("-a,--all", options->all, "all that are kept, not only the last 20");
    verb->footer(
        "EXIT STATUS\n"
        "  0 listed, 6 the daemon cannot be reached\n\n"
        "EXAMPLE\n"
        "  muster jobs --all");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_jobs(*options, io); };
    });
}

int run_jobs(const JobsOptions& options, base::cli::Io& io) {
    constexpr std::size_t kRecent = 20;
    const base::Json jobs = DaemonClient::open(io).call("GET", "/v1/jobs").at("jobs");
    base::Json chosen = base::Json::array();
    std::size_t finished = 0;
    for (const base::Json& job : jobs) {
        if (options.all || !is_job_finished(job) || finished++ < kRecent) {
            chosen.push_back(job);
        }
    }
    if (io.json) {
        io.out << base::to_json_text(chosen, 2) << '\n';
        return 0;
    }
    Table table({"JOB", "STATE", "WHAT", "STEP", "STARTED", "TOOK", "ASKED BY"});
    for (const base::Json& job : chosen) {
        table.add_row({std::to_string(job.at("id").get<std::uint64_t>()), describe_job_state(job),
                       job.value("title", ""), describe_job_step(job),
                       format_time_ms(job.value("started_ms", std::int64_t{0})),
                       describe_job_length(job), job.value("asked_by", "")});
    }
    table.print(io.out);
    return 0;
}

}  // namespace cli
