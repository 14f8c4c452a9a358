// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/hooks.h"

#include <unistd.h>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "hvruntime/guest/agent/channel/addresses.h"
#include "hvruntime/guest/agent/channel/change_hooks.h"
#include "hvruntime/guest/agent/channel/report.h"
#include "hvruntime/guest/agent/properties.h"

namespace hvruntime::agent {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kHookLimit{30};
constexpr std::size_t kTailBytes = 1024;

// What a hook printed goes to the journal as it comes; its end goes into the report.
class Tail {
  public:
    void add(std::string_view piece) {
        base::write_all(STDERR_FILENO, piece, "stderr");
        text_ += piece;
        if (text_.size() > kTailBytes) {
            text_.erase(0, text_.size() - kTailBytes);
        }
    }
    const std::string& text() const { return text_; }

  private:
    std::string text_;
};

// nullopt: it went well.
std::optional<std::string> run_hook(const fs::path& hook, const MachineFacts& facts) {
    Tail tail;
    try {
        const base::RunResult result =
            base::run({.argv = {hook.string()},
                       .env = {{"MUSTER_INSTANCE_ID", facts.instance_id}},
                       .timeout = kHookLimit,
                       .on_output = [&](std::string_view piece) { tail.add(piece); }});
        if (result.status == 0) {
            return std::nullopt;
        }
        return fmt::format("{} {}: {}", hook.string(), base::describe_status(result.status),
                           tail.text());
    } catch (const base::Error& error) {
        return fmt::format("{}: {}", hook.string(), error.message());
    }
}

}  // namespace

void run_hooks(const HookOptions& options) {
    const Places& places = options.places;
    const MachineFacts facts = read_machine_facts(places);
    if (places.is_live() && !wait_for_addresses(facts.addresses, options.address_limit)) {
        base::log(base::LogLevel::warn, "hooks", "going on without all addresses: {} are expected",
                  fmt::join(facts.addresses, ", "));
    }
    std::vector<std::string> failures;
    const fs::path done = places.state_dir() / "firstboot";
    for (const fs::path& hook : list_hooks(places.first_boot_hooks())) {
        const fs::path mark = done / hook.filename();
        if (fs::exists(mark)) {
            continue;
        }
        if (const auto failure = run_hook(hook, facts)) {
            failures.push_back(*failure);  // again at the next boot
        } else {
            base::make_dirs(done, 0700);
            base::write_file(mark, "");
        }
    }
    for (const fs::path& hook : list_hooks(places.configure_hooks())) {
        if (const auto failure = run_hook(hook, facts)) {
            failures.push_back(*failure);
        }
    }
    if (failures.empty()) {
        const std::string id = facts.instance_id.empty() ? "none" : facts.instance_id;
        report_keys({{.key = "muster.configured", .value = id}}, places);
        return;
    }
    for (const std::string& failure : failures) {
        base::log(base::LogLevel::error, "hooks", "{}", failure);
    }
    report_keys(
        {{.key = "muster.configure.error", .value = fmt::format("{}", fmt::join(failures, "\n"))}},
        places);
    throw base::Error(base::ErrorKind::partial, fmt::format("{} hooks failed", failures.size()),
                      "they are listed above and under the key muster.configure.error");
}

}  // namespace hvruntime::agent
