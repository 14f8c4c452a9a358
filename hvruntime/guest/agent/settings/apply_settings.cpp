// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/settings/apply_settings.h"

#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "hvruntime/guest/agent/config/accounts.h"
#include "hvruntime/guest/agent/config/system_files.h"

namespace hvruntime::agent {

namespace {

namespace fs = std::filesystem;
using base::Json;

constexpr std::uint64_t kMostSchemaBytes = 4U << 20U;
constexpr std::chrono::minutes kUnitLimit{10};

SettingValues read_applied(const Places& places) {
    SettingValues values;
    if (are_settings_applied(places)) {
        const Json json = base::parse_json(base::read_file(places.applied_settings()),
                                           places.applied_settings().string());
        for (const auto& [key, value] : json.items()) {
            values[key] = value.is_string() ? value.get<std::string>() : "";
        }
    }
    return values;
}

void write_applied(const SettingValues& values, const Places& places) {
    Json json = Json::object();
    for (const auto& [key, value] : values) {
        json[key] = value;
    }
    base::write_file(places.applied_settings(), base::to_json_text(json, 2) + "\n", 0600);
}

bool is_as_wanted(const fs::path& path, const std::string& text) {
    return fs::is_regular_file(path) && fs::file_size(path) == text.size() &&
           base::read_file(path) == text;
}

// Two of us write /etc/hosts: a template of an image keeps the lines that say who the machine is.
ovfkit::ConfigFile with_hosts_block(ovfkit::ConfigFile file, const Places& places) {
    if (file.path == "/etc/hosts" && fs::is_regular_file(places.at(file.path))) {
        file.text += hosts_block(base::read_file(places.at(file.path)));
    }
    return file;
}

void write_settings_file(const ovfkit::ConfigFile& file, const Places& places) {
    const fs::path path = places.at(file.path);
    base::make_dirs(path.parent_path());
    const Owner owner = find_owner(file.owner, places);
    base::AtomicFile fresh(path, file.permissions);
    base::write_all(fresh.fd(), file.text, path.string());
    if (::fchown(fresh.fd(), owner.uid, owner.gid) != 0 ||
        ::fchmod(fresh.fd(), file.permissions) != 0) {
        throw base::SystemError(errno, fmt::format("giving '{}' its owner", path.string()));
    }
    fresh.commit();
}

void write_settings_files(const SettingsPlan& plan, const Places& places,
                          AppliedSettings& applied) {
    for (const ovfkit::ConfigFile& wanted : plan.files) {
        try {
            const ovfkit::ConfigFile file = with_hosts_block(wanted, places);
            if (!is_as_wanted(places.at(file.path), file.text)) {
                write_settings_file(file, places);
                applied.written.push_back(file.path);
            }
        } catch (const std::exception& error) {
            applied.faults.push_back(fmt::format("writing '{}': {}", wanted.path, error.what()));
        }
    }
}

void log_settings(const AppliedSettings& applied) {
    for (const std::string& fault : applied.faults) {
        base::log(base::LogLevel::error, "config", "{}", fault);
    }
    for (const std::string& waiting : applied.waiting) {
        base::log(base::LogLevel::warn, "config", "{}", waiting);
    }
    for (const std::string& path : applied.written) {
        base::log(base::LogLevel::info, "config", "wrote '{}'", path);
    }
}

}  // namespace

ovfkit::ConfigSchema read_schema(const Places& places, std::vector<std::string>& faults) {
    std::vector<fs::path> files;
    std::error_code absent;
    for (const auto& entry : fs::directory_iterator(places.config_schemas(), absent)) {
        if (entry.path().extension() == ".json" && entry.is_regular_file()) {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    ovfkit::ConfigSchema schema;
    for (const fs::path& file : files) {
        try {
            merge_config_schema(schema,
                                ovfkit::parse_config_schema(base::read_file(file, kMostSchemaBytes),
                                                            file.string()));
        } catch (const base::Error& error) {
            faults.push_back(error.message());
        }
    }
    return schema;
}

bool are_settings_applied(const Places& places) {
    return fs::exists(places.applied_settings());
}

AppliedSettings apply_settings(const Places& places, const ovfkit::ConfigLookup& find) {
    base::make_dirs(places.run_dir(), 0700);
    const base::FileLock lock(places.run_dir() / "config.lock");
    AppliedSettings applied;
    const ovfkit::ConfigSchema schema = read_schema(places, applied.faults);
    const bool first = !are_settings_applied(places);
    const SettingValues before = read_applied(places);
    const SettingsPlan plan = plan_settings(schema, find, before);
    applied.faults.insert(applied.faults.end(), plan.faults.begin(), plan.faults.end());
    applied.waiting = plan.waiting;
    write_settings_files(plan, places, applied);
    // Nobody knows with which values the units were started before the first time.
    applied.units = plan_units(schema, first ? plan.values : before, plan.values, applied.written);
    write_applied(plan.values, places);
    log_settings(applied);
    return applied;
}

std::vector<base::Command> unit_commands(const UnitsToChange& units, const Places& places) {
    std::vector<base::Command> commands;
    const auto add = [&](const char* verb, const std::vector<std::string>& names) {
        if (!names.empty()) {
            base::Command command{.argv = {places.systemctl().string(), verb, "--"},
                                  .stdout_fd = STDERR_FILENO,
                                  .stderr_fd = STDERR_FILENO,
                                  .timeout = kUnitLimit};
            command.argv.insert(command.argv.end(), names.begin(), names.end());
            commands.push_back(std::move(command));
        }
    };
    if (places.is_live() || fs::exists(places.systemctl())) {
        add("try-restart", units.restart);
        add("try-reload-or-restart", units.reload);
    }
    return commands;
}

std::string settings_error(const std::vector<std::string>& faults) {
    return fmt::format("{}", fmt::join(faults, "; "));
}

}  // namespace hvruntime::agent
