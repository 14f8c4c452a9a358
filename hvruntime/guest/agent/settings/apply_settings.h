// SPDX-License-Identifier: Apache-2.0
// Makes the files of /etc/muster/config.d true: at boot, when a key changes, and when somebody asks
// for it. One at a time, by a lock in /run. The format: hvruntime/doc/guest_config.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"
#include "hvruntime/guest/agent/places.h"
#include "hvruntime/guest/agent/settings/plan_settings.h"

namespace hvruntime::agent {

inline constexpr std::string_view kSettingsError = "muster.config.error";

// All files of the folder in the order of their names; one that cannot be read is a fault.
ovfkit::ConfigSchema read_schema(const Places& places, std::vector<std::string>& faults);

// Has anybody applied them since the machine started? Before that, boot is about to.
bool are_settings_applied(const Places& places);

struct AppliedSettings {
    std::vector<std::string> written;  // paths
    std::vector<std::string> faults;
    std::vector<std::string> waiting;
    UnitsToChange units;  // to be changed by the caller
};

// `find` knows what is given; asked under the lock. Files whose text is as it should be are not
// touched. What fails is a fault, and does not keep the other files from being written.
AppliedSettings apply_settings(const Places& places, const ovfkit::ConfigLookup& find);

// What systemctl has to do. Units that do not run are left alone.
std::vector<base::Command> unit_commands(const UnitsToChange& units, const Places& places);

// The value of muster.config.error, empty when all is well.
std::string settings_error(const std::vector<std::string>& faults);

}  // namespace hvruntime::agent
