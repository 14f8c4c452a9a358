// SPDX-License-Identifier: Apache-2.0
// What cron runs: /etc/crontab, cron.d, the folders cron.hourly to cron.monthly, and crontabs of
// users.
#pragma once

#include "assembler/introspect/system/packages/package_database.h"

namespace assembler::introspect {

void read_cron(Reading& reading, const PackageDatabase& packages);  // adds to facts.jobs

// A crontab; with a column for the user when `user` is empty.
std::vector<ScheduledJob> parse_crontab(std::string_view text, const std::string& path,
                                        const std::string& user);

}  // namespace assembler::introspect
