// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/channel/settings_keeper.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "hvruntime/guest/agent/channel/report.h"
#include "hvruntime/guest/agent/settings/apply_settings.h"
#include "ovfkit/env/config/config_value.h"

namespace hvruntime::agent {

SettingsKeeper::SettingsKeeper(EventLoop& loop, const Places& places, const GuestState& state,
                               std::function<void(const KeyWrite&)> set)
    : places_(places),
      state_(state),
      set_(std::move(set)),
      units_(loop, places, [this](const std::vector<std::string>& failures) {
          unit_failures_ = failures;
          report();
      }) {
}

void SettingsKeeper::keys_changed(std::span<const std::string> keys) {
    base::guarded("config", [&] {
        std::vector<std::string> unread;  // told when they are applied
        const ovfkit::ConfigSchema schema = read_schema(places_, unread);
        const bool ours = std::any_of(keys.begin(), keys.end(), [&](const std::string& key) {
            return schema.find_key(key) != nullptr;
        });
        // Before the first time the machine is about to be configured, with these keys too.
        if (ours && are_settings_applied(places_)) {
            apply();
        }
    });
}

void SettingsKeeper::apply() {
    const AppliedSettings applied =
        apply_settings(places_, [&](const std::string& key) -> std::optional<std::string> {
            const std::optional<KeyEntry> entry = state_.find(key);
            return entry ? std::optional(entry->value) : std::nullopt;
        });
    faults_ = applied.faults;
    if (applied.units.empty()) {
        report();
    } else {
        units_.change(applied.units);
    }
}

void SettingsKeeper::report() {
    std::vector<std::string> all = faults_;
    all.insert(all.end(), unit_failures_.begin(), unit_failures_.end());
    KeyWrite write{.key = std::string(kSettingsError)};
    if (!all.empty()) {
        write.value = reportable(settings_error(all));
    }
    base::guarded("config", [&] { set_(write); });
}

void SettingsKeeper::require_good(std::span<const KeyWrite> writes) const {
    std::vector<std::string> unread;
    const ovfkit::ConfigSchema schema = read_schema(places_, unread);
    for (const KeyWrite& write : writes) {
        const ovfkit::ConfigKey* key = schema.find_key(write.key);
        if (key == nullptr || !write.value) {
            continue;
        }
        if (const auto fault = ovfkit::find_config_fault(*key, *write.value)) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("the value of '{}' {}", write.key, *fault),
                              "'muster-guest config show' lists keys and types");
        }
    }
}

}  // namespace hvruntime::agent
