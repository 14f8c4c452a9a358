// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/settings/plan_settings.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/env/config/config_value.h"

namespace hvruntime::agent {

namespace {

using ovfkit::ConfigKey;

std::optional<std::string> value_at(const SettingValues& values, const std::string& key) {
    const auto found = values.find(key);
    return found == values.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> setting_of(const ConfigKey& key, const ovfkit::ConfigLookup& find,
                                      const SettingValues& last_good,
                                      std::vector<std::string>& faults) {
    const std::optional<std::string> given = find(key.name);
    if (!given || !ovfkit::is_config_value(key, *given)) {
        if (key.required && !key.default_value) {
            faults.push_back(fmt::format("'{}' is required and has no value", key.name));
        }
        return key.default_value;
    }
    const auto fault = ovfkit::find_config_fault(key, *given);
    if (!fault) {
        return given;
    }
    faults.push_back(fmt::format("the value of '{}' {}", key.name, *fault));
    const std::optional<std::string> last = value_at(last_good, key.name);
    return last && !ovfkit::find_config_fault(key, *last) ? last : key.default_value;
}

}  // namespace

SettingsPlan plan_settings(const ovfkit::ConfigSchema& schema, const ovfkit::ConfigLookup& find,
                           const SettingValues& last_good) {
    SettingsPlan plan;
    for (const ConfigKey& key : schema.keys) {
        if (const auto value = setting_of(key, find, last_good, plan.faults)) {
            plan.values[key.name] = *value;
        }
    }
    for (const ovfkit::ConfigFile& file : schema.files) {
        const auto parts = ovfkit::parse_config_template(file.text);
        std::string missing;
        const auto text = ovfkit::expand_config_template(parts, [&](const std::string& key) {
            const auto value = value_at(plan.values, key);
            if (!value) {
                missing = key;
            }
            return value;
        });
        if (text) {
            plan.files.push_back(file);
            plan.files.back().text = *text;
        } else {
            plan.waiting.push_back(
                fmt::format("'{}' stays as it is: '{}' has no value", file.path, missing));
        }
    }
    return plan;
}

UnitsToChange plan_units(const ovfkit::ConfigSchema& schema, const SettingValues& before,
                         const SettingValues& after, const std::vector<std::string>& written) {
    std::set<std::string> restart;
    std::set<std::string> reload;
    const auto add = [&](const auto& source) {
        restart.insert(source.restart.begin(), source.restart.end());
        reload.insert(source.reload.begin(), source.reload.end());
    };
    for (const ConfigKey& key : schema.keys) {
        if (value_at(before, key.name) != value_at(after, key.name)) {
            add(key);
        }
    }
    for (const ovfkit::ConfigFile& file : schema.files) {
        if (std::find(written.begin(), written.end(), file.path) != written.end()) {
            add(file);
        }
    }
    for (const std::string& unit : restart) {
        reload.erase(unit);
    }
    return {{restart.begin(), restart.end()}, {reload.begin(), reload.end()}};
}

}  // namespace hvruntime::agent
