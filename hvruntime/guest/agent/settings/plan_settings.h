// SPDX-License-Identifier: Apache-2.0
// From a schema and the values that are given to the files that follow. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ovfkit/env/config/config_schema.h"
#include "ovfkit/env/config/config_template.h"

namespace hvruntime::agent {

using SettingValues = std::map<std::string, std::string>;

struct SettingsPlan {
    SettingValues values;                   // of the keys that have one
    std::vector<ovfkit::ConfigFile> files;  // their text is the file's, no template any more
    std::vector<std::string> faults;        // refused values, required keys without one
    std::vector<std::string> waiting;       // files that are left as they are, and why
};

// A value that does not fit is refused: the last good one stays, else the default.
SettingsPlan plan_settings(const ovfkit::ConfigSchema& schema, const ovfkit::ConfigLookup& find,
                           const SettingValues& last_good);

struct UnitsToChange {
    std::vector<std::string> restart;
    std::vector<std::string> reload;  // none of those above

    bool empty() const { return restart.empty() && reload.empty(); }
};

// The units of the keys whose value differs and of the files that were written (by path).
UnitsToChange plan_units(const ovfkit::ConfigSchema& schema, const SettingValues& before,
                         const SettingValues& after, const std::vector<std::string>& written);

}  // namespace hvruntime::agent
