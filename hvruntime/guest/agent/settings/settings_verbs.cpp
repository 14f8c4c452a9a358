// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/settings/settings_verbs.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "hvruntime/guest/agent/channel/guest_state.h"
#include "hvruntime/guest/agent/channel/local_request.h"
#include "hvruntime/guest/agent/channel/report.h"
#include "hvruntime/guest/agent/settings/apply_settings.h"
#include "ovfkit/env/config/config_value.h"

namespace hvruntime::agent {

namespace {

constexpr std::chrono::seconds kListLimit{30};

// As the daemon sees them, or as they lie in /run.
std::map<std::string, KeyEntry> read_given(const Places& places) {
    const LocalRequest request{.kind = LocalRequest::Kind::list};
    auto entries = ask_daemon(request, places, kListLimit);
    if (!entries) {
        entries = GuestState(places).list("");
    }
    std::map<std::string, KeyEntry> given;
    for (const KeyEntry& entry : *entries) {
        given[entry.key] = entry;
    }
    return given;
}

ovfkit::ConfigLookup lookup_in(const std::map<std::string, KeyEntry>& given) {
    return [&given](const std::string& key) {
        const auto found = given.find(key);
        return found == given.end() ? std::nullopt : std::optional(found->second.value);
    };
}

void find_schema_faults(const ovfkit::ConfigSchema& schema, std::vector<std::string>& faults) {
    for (const ovfkit::ConfigKey& key : schema.keys) {
        if (const auto fault = ovfkit::find_key_fault(key)) {
            faults.push_back(fmt::format("key '{}': {}", key.name, *fault));
        }
    }
    for (const ovfkit::ConfigFile& file : schema.files) {
        for (const std::string& key : keys_of(ovfkit::parse_config_template(file.text))) {
            if (schema.find_key(key) == nullptr) {
                faults.push_back(
                    fmt::format("'{}' uses '{}', which no file declares", file.path, key));
            }
        }
    }
}

std::string source_of_value(const ovfkit::ConfigKey& key, const SettingsPlan& plan,
                            const std::map<std::string, KeyEntry>& given) {
    const auto found = given.find(key.name);
    if (!plan.values.contains(key.name)) {
        return key.required ? "missing" : "unset";
    }
    if (found == given.end() || found->second.value != plan.values.at(key.name)) {
        return "default";
    }
    return found->second.owner == Side::host ? "host" : "guest";
}

}  // namespace

void check_settings(const Places& places) {
    std::vector<std::string> faults;
    const ovfkit::ConfigSchema schema = read_schema(places, faults);
    find_schema_faults(schema, faults);
    const auto given = read_given(places);
    const SettingsPlan plan = plan_settings(schema, lookup_in(given), {});
    faults.insert(faults.end(), plan.faults.begin(), plan.faults.end());
    for (const std::string& fault : faults) {
        fmt::print("{}\n", fault);
    }
    if (!faults.empty()) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("{} faults in the configuration", faults.size()));
    }
    fmt::print("{} keys, {} files: good\n", schema.keys.size(), schema.files.size());
}

void show_settings(const Places& places) {
    std::vector<std::string> faults;
    const ovfkit::ConfigSchema schema = read_schema(places, faults);
    const auto given = read_given(places);
    const SettingsPlan plan = plan_settings(schema, lookup_in(given), {});
    std::size_t width = 0;
    for (const ovfkit::ConfigKey& key : schema.keys) {
        width = std::max(width, key.name.size());
    }
    for (const ovfkit::ConfigKey& key : schema.keys) {
        const auto value = plan.values.find(key.name);
        const bool secret = key.secret || (given.contains(key.name) && given.at(key.name).secret);
        fmt::print("{:<{}}  {:<8}  {:<7}  {}\n", key.name, width, to_string(key.type),
                   source_of_value(key, plan, given),
                   value == plan.values.end() ? "" : (secret ? "***" : value->second));
    }
    for (const ovfkit::ConfigFile& file : plan.files) {
        fmt::print("file  {}\n", file.path);
    }
    for (const std::string& waiting : plan.waiting) {
        fmt::print("file  {}\n", waiting);
    }
    faults.insert(faults.end(), plan.faults.begin(), plan.faults.end());
    for (const std::string& fault : faults) {
        fmt::print("fault  {}\n", fault);
    }
}

void apply_settings_now(const Places& places) {
    AppliedSettings applied = apply_settings(places, [&](const std::string& key) {
        const auto given = read_given(places);
        return lookup_in(given)(key);
    });
    for (const std::string& path : applied.written) {
        fmt::print("wrote {}\n", path);
    }
    for (const base::Command& command : unit_commands(applied.units, places)) {
        fmt::print("{}\n", command.to_string());
        std::fflush(stdout);
        const base::RunResult result = base::run(command);
        if (result.status != 0) {
            applied.faults.push_back(
                fmt::format("{} {}", command.to_string(), base::describe_status(result.status)));
        }
    }
    KeyWrite report{.key = std::string(kSettingsError)};
    if (!applied.faults.empty()) {
        report.value = settings_error(applied.faults);
    }
    report_keys({report}, places);
    if (!applied.faults.empty()) {
        throw base::Error(
            base::ErrorKind::partial,
            fmt::format("{} faults: {}", applied.faults.size(), settings_error(applied.faults)));
    }
}

}  // namespace hvruntime::agent
