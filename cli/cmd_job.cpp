// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_job.h"

#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/error.h"
#include "cli/daemon_client.h"
#include "cli/job_text.h"
#include "cli/table.h"

namespace cli {

namespace {

using base::Json;

using RunJob = int (*)(const JobOptions&, base::cli::Io&);

CLI::App* add_action(CLI::App& verb, Chosen& chosen, const std::shared_ptr<JobOptions>& options,
                     const std::string& name, const std::string& what, RunJob run) {
    CLI::App* action = verb.add_subcommand(name, what);
    action->add_option("ID", options->id, "number of the job, see 'muster jobs'")->required();
    action->footer(
        "EXIT STATUS\n"
        "  0 done, 3 no such job, 6 the daemon cannot be reached, 7 the job has already ended,\n"
        "  10 something could not be undone; follow: that of the job\n\n"
        "EXAMPLE\n"
        "  muster job " +
        name + " 12");
    action->callback([options, run, &chosen] {
        chosen.run = [options, run](base::cli::Io& io) { return run(*options, io); };
    });
    return action;
}

std::string path_of(const JobOptions& options, const std::string& rest = "") {
    return fmt::format("/v1/jobs/{}{}", options.id, rest);
}

void print_field(std::ostream& out, const std::string& name, const std::string& value) {
    if (!value.empty()) {
        out << fmt::format("{:<10}{}\n", name + ":", base::cli::printable(value));
    }
}

void print_steps(std::ostream& out, const Json& job) {
    Table table({"STEP", "STATE", "TOOK"});
    for (const Json& step : job.at("steps")) {
        const auto started = step.value("started_ms", std::int64_t{0});
        const auto finished = step.value("finished_ms", std::int64_t{0});
        const Json undo_error = step.value("undo_error", Json());
        table.add_row({step.value("name", ""),
                       step.value("state", "") +
                           (undo_error.is_object() ? ": " + undo_error.value("message", "") : ""),
                       started > 0 && finished >= started
                           ? format_seconds(static_cast<double>(finished - started) / 1000)
                           : "-"});
    }
    if (!table.empty()) {
        out << '\n';
        table.print(out);
    }
}

void print_log(std::ostream& out, const DaemonClient& client, const JobOptions& options) {
    bool first = true;
    client.stream_lines(path_of(options, "/events?follow=0"), [&](const Json& event) {
        if (event.is_object() && event.value("type", "") == "log") {
            out << (first ? "\n" : "") << format_time_ms(event.value("time_ms", std::int64_t{0}))
                << "  " << base::cli::printable(event.value("text", "")) << '\n';
            first = false;
        }
        return true;
    });
}

}  // namespace

void add_job(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<JobOptions>();
    CLI::App* verb = app.add_subcommand("job", "show, follow, abort or abandon a job");
    verb->require_subcommand(1);
    add_action(*verb, chosen, options, "show", "print a job, its steps and its log", run_job_show);
    add_action(*verb, chosen, options, "follow", "wait for the end of a job; Ctrl-C aborts it",
               run_job_follow);
    add_action(*verb, chosen, options, "abort",
               "undo all that a job did; after a failed undo: try that again", run_job_abort)
        ->add_flag("--no-wait", options->no_wait, "do not wait until it is undone");
    add_action(*verb, chosen, options, "abandon",
               "give up what a failed undo has left behind, and unlock it", run_job_abandon);
}

int run_job_show(const JobOptions& options, base::cli::Io& io) {
    const DaemonClient client = DaemonClient::open(io);
    const Json job = client.call("GET", path_of(options));
    if (io.json) {
        io.out << base::to_json_text(job, 2) << '\n';
        return 0;
    }
    print_field(io.out, "Job", fmt::format("{} ({})", options.id, job.value("kind", "")));
    print_field(io.out, "What", job.value("title", ""));
    print_field(io.out, "State", describe_job_state(job));
    print_field(io.out, "Asked by", job.value("asked_by", ""));
    print_field(io.out, "Started", format_time_ms(job.value("started_ms", std::int64_t{0})));
    print_field(io.out, "Took", describe_job_length(job));
    print_field(io.out, "Step", describe_job_step(job));
    const Json error = job.value("error", Json());
    if (error.is_object()) {
        print_field(io.out, "Error", error.value("message", ""));
        print_field(io.out, "Hint", error.value("hint", ""));
        print_field(io.out, "Command", error.value("command", ""));
        print_field(io.out, "Output", error.value("stderr", ""));
    }
    print_steps(io.out, job);
    print_log(io.out, client, options);
    return 0;
}

int run_job_follow(const JobOptions& options, base::cli::Io& io) {
    const Json job = DaemonClient::open(io).follow_job(options.id, io);
    if (io.json) {
        io.out << base::to_json_text(job, 2) << '\n';
    }
    return 0;
}

int run_job_abort(const JobOptions& options, base::cli::Io& io) {
    const DaemonClient client = DaemonClient::open(io);
    client.call_whole("POST", path_of(options, "/abort"));
    if (options.no_wait) {
        return 0;
    }
    const Json job = client.wait_job(options.id, io);
    if (io.json) {
        io.out << base::to_json_text(job, 2) << '\n';
    }
    if (!job.value("left", Json::array()).empty()) {
        throw base::Error(base::ErrorKind::partial,
                          fmt::format("job {} could not be undone wholly", options.id),
                          fmt::format("see why: muster job show {}", options.id));
    }
    if (job.value("state", "") == "completed") {
        throw base::Error(base::ErrorKind::conflict,
                          fmt::format("job {} has completed before the abort came", options.id));
    }
    return 0;
}

int run_job_abandon(const JobOptions& options, base::cli::Io& io) {
    DaemonClient::open(io).call("POST", path_of(options, "/abandon"));
    return 0;
}

}  // namespace cli
