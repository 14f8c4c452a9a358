// SPDX-License-Identifier: Apache-2.0
// The part of DaemonClient that follows a job to its end.
#include <chrono>
#include <memory>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "cli/daemon_client.h"
#include "cli/table.h"
#include "hvruntime/jobs/job_engine.h"

namespace cli {

namespace {

using base::Error;
using base::ErrorKind;
using base::Json;

constexpr std::chrono::seconds kReconnectLimit{60};
// Signals that come this soon after the first are the same wish: timeout(1) signals the program and
// then its group.
constexpr std::chrono::seconds kSameInterrupt{1};

// Draws the events: a bar for the step at work, a line for each one that has ended.
class JobView {
  public:
    explicit JobView(base::cli::Io& io)
        : io_(io), on_(io.err_is_terminal && !io.quiet && !io.json) {}

    void show(const Json& event) {
        if (event.is_null()) {
            if (bar_) {
                bar_->add(0);  // keeps its clock going
            }
            return;
        }
        const std::string type = event.value("type", "");
        if (type == "step") {
            show_step(event);
        } else if (type == "progress" && bar_) {
            const std::string text = event.value("text", "");
            bar_->set(event.value("done", std::uint64_t{0}), event.value("total", std::uint64_t{0}),
                      text.empty() ? label_ : label_ + ": " + text);
        } else if (type == "log" && base::log_level() >= base::LogLevel::info) {
            say("  " + event.value("text", ""));
        } else if (type == "end") {
            bar_.reset();
        }
    }
    void say(const std::string& line) {
        bar_.reset();
        if (!io_.quiet && !io_.json) {
            io_.err << base::cli::printable(line) << '\n';
        }
    }

  private:
    void show_step(const Json& event) {
        const std::string state = event.value("state", "");
        const std::string step = event.value("step", "");
        const std::int64_t time_ms = event.value("time_ms", std::int64_t{0});
        bar_.reset();
        if (state == "running" || state == "undoing") {
            label_ = state == "running" ? base::cli::printable(step)
                                        : "undoing: " + base::cli::printable(step);
            bar_ = std::make_unique<base::ProgressBar>(label_, 0, on_);
            began_ms_ = time_ms;
        } else if (on_) {
            const double seconds = static_cast<double>(time_ms - began_ms_) / 1000;
            const std::string what = state == "done" ? "" : state + ": ";
            say(fmt::format("  {}{}  {}", what, step, format_seconds(seconds)));
        }
    }

    base::cli::Io& io_;
    bool on_;
    std::string label_;
    std::int64_t began_ms_ = 0;
    std::unique_ptr<base::ProgressBar> bar_;
};

// Follows one job over interruptions of the connection and of the user.
class Follower {
  public:
    Follower(const DaemonClient& client, std::uint64_t id, base::cli::Io& io)
        : client_(client), id_(id), view_(io) {}

    Json run() {
        const base::OutliveInterrupts job_is_followed;
        while (!end_) {
            try {
                reconnect();
                ask_for_abort();
                listen();
            } catch (const Error& error) {
                if (base::interrupt().raised()) {
                    on_interrupt();
                } else if (error.kind() == ErrorKind::environment) {
                    on_lost(error);
                } else {
                    throw;
                }
            }
        }
        return *end_;
    }

  private:
    void listen() {
        client_.stream_lines(fmt::format("/v1/jobs/{}/events?from={}", id_, from_),
                             [this](const Json& event) {
                                 lost_since_.reset();
                                 if (!event.is_null()) {
                                     from_ = event.value("seq", std::uint64_t{0}) + 1;
                                 }
                                 view_.show(event);
                                 if (event.is_object() && event.value("type", "") == "end") {
                                     end_ = event.at("job");
                                 }
                                 return true;
                             });
        if (!end_) {
            throw Error(ErrorKind::environment, "the daemon has closed the connection");
        }
    }

    void on_interrupt() {
        const auto now = std::chrono::steady_clock::now();
        base::interrupt().clear();
        if (abort_ == Abort::none) {
            abort_ = Abort::wanted;
            interrupted_at_ = now;
            view_.say("interrupted: undoing what was done; once more to leave that to the daemon");
        } else if (now - interrupted_at_ < kSameInterrupt) {
            return;
        } else if (abort_ == Abort::heard) {
            throw Error(ErrorKind::interrupted, fmt::format("job {} is still being undone", id_),
                        fmt::format("see how far it is: muster job show {}", id_));
        } else if (lost_since_) {
            throw Error(ErrorKind::interrupted,
                        fmt::format("no daemon answers, so job {} was not aborted", id_),
                        fmt::format("the next daemon goes on with it: muster job abort {}", id_));
        }
    }

    // Once the user wants it, until the daemon has heard it.
    void ask_for_abort() {
        if (abort_ != Abort::wanted) {
            return;
        }
        try {
            client_.call_whole("POST", fmt::format("/v1/jobs/{}/abort", id_));
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::conflict) {  // else it has ended meanwhile
                throw;
            }
        }
        abort_ = Abort::heard;
    }

    // The daemon was stopped or has died: a new one takes the job up again.
    void on_lost(const Error& error) {
        const auto now = std::chrono::steady_clock::now();
        if (!lost_since_) {
            lost_since_ = now;
        } else if (now - *lost_since_ > kReconnectLimit) {
            throw error;
        }
    }

    void reconnect() {
        if (!lost_since_) {
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        base::interrupt().check();
        try {
            client_.ensure_daemon();
        } catch (const Error& refusal) {
            // The old daemon may still hold the store: tried again until the limit.
            if (refusal.kind() == ErrorKind::interrupted ||
                std::chrono::steady_clock::now() - *lost_since_ > kReconnectLimit) {
                throw;
            }
        }
    }

    enum class Abort { none, wanted, heard };
    const DaemonClient& client_;
    const std::uint64_t id_;
    JobView view_;
    std::uint64_t from_ = 0;
    Abort abort_ = Abort::none;
    std::chrono::steady_clock::time_point interrupted_at_;
    std::optional<Json> end_;
    std::optional<std::chrono::steady_clock::time_point> lost_since_;
};

}  // namespace

Json DaemonClient::wait_job(std::uint64_t id, base::cli::Io& io) const {
    return Follower(*this, id, io).run();
}

Json DaemonClient::follow_job(std::uint64_t id, base::cli::Io& io) const {
    Json record = wait_job(id, io);
    if (base::string_or(record, "state", "") != "completed") {
        hvruntime::throw_job_error(record);
    }
    return record;
}

}  // namespace cli
