// SPDX-License-Identifier: Apache-2.0
// What the machine starts: services of systemd with their programs, users and environment, what
// its sockets and timers start, and init scripts of SysV and OpenRC.
#pragma once

#include "assembler/introspect/system/packages/package_database.h"
#include "assembler/introspect/system/services/unit_files.h"

namespace assembler::introspect {

// facts.services, by unit; timers go to facts.jobs. facts.os is read before.
void read_services(Reading& reading, const PackageDatabase& packages);

// For systemd these are only scripts that have no unit.
void read_init_scripts(Reading& reading, const PackageDatabase& packages, const UnitFiles* units);

// NAME=VALUE of Environment= and of the files that EnvironmentFile= names, in force or not.
std::vector<SettingFact> read_environment(Reading& reading, const Unit& unit);
// The file's lines alone.
std::vector<SettingFact> parse_environment_file(std::string_view text, const std::string& path);

}  // namespace assembler::introspect
