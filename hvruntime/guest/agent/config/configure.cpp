// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/config/configure.h"

#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "hvruntime/guest/agent/channel/guest_state.h"
#include "hvruntime/guest/agent/channel/report.h"
#include "hvruntime/guest/agent/config/accounts.h"
#include "hvruntime/guest/agent/config/environment_cd.h"
#include "hvruntime/guest/agent/config/guest_config.h"
#include "hvruntime/guest/agent/config/system_files.h"
#include "hvruntime/guest/agent/properties.h"
#include "hvruntime/guest/agent/settings/apply_settings.h"

namespace hvruntime::agent {

namespace {

namespace fs = std::filesystem;

bool is_new_instance(const GuestConfig& config, const Places& places) {
    const fs::path path = places.instance_id();
    return !fs::exists(path) || base::read_file(path, 4096) != config.instance_id + "\n";
}

// Runs steps and keeps what failed, so that one bad property does not take the network with it.
class Steps {
  public:
    void run(std::string_view what, const std::function<void()>& step) {
        try {
            step();
        } catch (const std::exception& error) {
            note(fmt::format("{}: {}", what, error.what()));
        }
    }
    void note(std::string failure) {
        base::log(base::LogLevel::error, "configure", "{}", failure);
        failures_.push_back(std::move(failure));
    }
    const std::vector<std::string>& failures() const { return failures_; }

  private:
    std::vector<std::string> failures_;
};

void configure_once(const GuestConfig& config, const Places& places, Steps& steps) {
    const std::string user = config.user.empty() ? "root" : config.user;
    if (!config.root_password.empty()) {
        steps.run("root password", [&] { set_password("root", config.root_password, places); });
    }
    if (!config.password.empty()) {
        steps.run("password", [&] { set_password(user, config.password, places); });
    }
    steps.run("public keys", [&] { add_public_keys(user, config.public_keys, places); });
    steps.run("time zone", [&] { apply_timezone(config, places); });
    steps.run("ssh host keys", [&] { make_ssh_host_keys(places); });
    // Last: a power cut before this repeats all of it.
    if (steps.failures().empty()) {
        steps.run("instance id", [&] {
            base::make_dirs(places.state_dir(), 0700);
            base::write_file(places.instance_id(), config.instance_id + "\n");
        });
    }
}

void configure(const EnvironmentCd& cd, const Places& places, Steps& steps) {
    const GuestConfig config = parse_guest_config(cd.ovf_env, cd.machine);
    for (const std::string& refused : config.refused) {
        steps.note("refused " + refused);
    }
    // The network first: it is what everybody waits for.
    steps.run("network", [&] { apply_network(config, places); });
    steps.run("host name", [&] { apply_host_name(config, places); });
    steps.run("hosts", [&] { apply_hosts(config, places); });
    steps.run("resolver", [&] { apply_resolver(config, places); });
    steps.run("properties", [&] { write_properties(config.properties, places); });
    steps.run("machine", [&] { write_machine_facts(config, places); });
    if (is_new_instance(config, places)) {
        configure_once(config, places, steps);
    }
}

// The services that read these files start later. A value that is no good is told under a key of
// its own: it does not make the machine unconfigured.
void configure_settings(const Places& places) {
    const GuestState state(places);
    const AppliedSettings applied = apply_settings(places, [&](const std::string& key) {
        const std::optional<KeyEntry> entry = state.find(key);
        return entry ? std::optional(entry->value) : std::nullopt;
    });
    if (!applied.faults.empty()) {
        report_keys({{.key = std::string(kSettingsError), .value = settings_error(applied.faults)}},
                    places);
    }
}

}  // namespace

void run_configure(const ConfigureOptions& options) {
    base::make_dirs(options.places.run_dir(), 0700);
    const std::optional<EnvironmentCd> cd =
        options.image ? std::optional(read_environment_image(*options.image))
                      : find_environment_cd(options.limit);
    if (!cd) {
        base::log(base::LogLevel::warn, "configure",
                  "no CD with an OVF environment: the machine stays as its image is");
    }
    Steps steps;
    if (cd) {
        steps.run(cd->source.string(), [&] { configure(*cd, options.places, steps); });
    }
    steps.run("config", [&] { configure_settings(options.places); });
    if (!steps.failures().empty()) {
        const std::string all = fmt::format("{}", fmt::join(steps.failures(), "; "));
        report_keys({{.key = "muster.configure.error", .value = all}}, options.places);
        throw base::Error(
            base::ErrorKind::partial,
            fmt::format("{} steps of the configuration failed", steps.failures().size()),
            "they are listed above and under the key muster.configure.error");
    }
}

}  // namespace hvruntime::agent
