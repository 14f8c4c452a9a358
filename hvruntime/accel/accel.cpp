// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/accel/accel.h"

#include <sys/utsname.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/process.h"

namespace hvruntime {

namespace fs = std::filesystem;

namespace {

std::optional<AccelChoice> forced_choice(const AccelSettings& settings) {
    std::string forced = settings.forced;
    std::string by = "the configuration";
    if (const char* value = std::getenv("MUSTER_ACCEL"); forced.empty() && value != nullptr) {
        forced = value;
        by = "MUSTER_ACCEL";
    }
    if (forced.empty()) {
        return std::nullopt;
    }
    if (forced != "tcg" && forced != "kvm") {
        throw base::Error(base::ErrorKind::usage,
                          fmt::format("{} asks for the accelerator '{}'", by, forced),
                          "use tcg or kvm, or leave it unset");
    }
    return AccelChoice{.accel = forced == "kvm" ? Accel::kvm : Accel::tcg,
                       .why = fmt::format("forced by {}", by)};
}

// What rules KVM out without running anything; nullopt: it has to be tried.
std::optional<std::string> reason_against_kvm(const fs::path& root) {
    const fs::path device = root / "dev/kvm";
    const fs::path modules = root / "sys/module";
    if (!fs::exists(device)) {
        return "there is no /dev/kvm";
    }
    if (::access(device.c_str(), R_OK | W_OK) != 0) {
        return "this user may not open /dev/kvm (join the group kvm)";
    }
    if (fs::exists(modules / "kvm_pvm")) {
        return "kvm_pvm is loaded: it has no hardware virtualization and ordinary guests hang on "
               "it";
    }
    if (!fs::exists(modules / "kvm_intel") && !fs::exists(modules / "kvm_amd")) {
        return "neither kvm_intel nor kvm_amd is loaded";
    }
    return std::nullopt;
}

std::string boot_and_kernel(const fs::path& root) {
    utsname names{};
    ::uname(&names);
    std::string boot_id = base::read_file(root / "proc/sys/kernel/random/boot_id", 4096);
    while (!boot_id.empty() && boot_id.back() == '\n') {
        boot_id.pop_back();
    }
    return fmt::format("{} {}", boot_id, names.release);
}

std::optional<AccelChoice> cached_verdict(const fs::path& file, const std::string& key) {
    if (file.empty() || !fs::exists(file)) {
        return std::nullopt;
    }
    try {
        const base::Json json = base::parse_json(base::read_file(file, 65536), file.string());
        if (base::require_string(json, "host") != key) {
            return std::nullopt;
        }
        return AccelChoice{
            .accel = base::require_string(json, "accel") == "kvm" ? Accel::kvm : Accel::tcg,
            .why = base::require_string(json, "why")};
    } catch (const base::Error& error) {
        // It is only a cache: a damaged one is made anew.
        base::log(base::LogLevel::info, "accel", "ignoring '{}': {}", file.string(),
                  error.message());
        return std::nullopt;
    }
}

// What the probe said, without the "muster: error: " of our own program.
std::string first_line(std::string_view text) {
    constexpr std::string_view kPrefix = "muster: error: ";
    if (text.starts_with(kPrefix)) {
        text.remove_prefix(kPrefix.size());
    }
    return std::string(text.substr(0, text.find('\n')));
}

AccelChoice run_probe(const AccelSettings& settings) {
    base::Command command{.argv = settings.probe_argv, .timeout = settings.probe_limit};
    if (command.argv.empty()) {
        command.argv = {"/proc/self/exe", "probe-kvm"};
        std::error_code error;
        if (const fs::path self = fs::read_symlink("/proc/self/exe", error); !error) {
            command.argv[0] = self.string();
        }
    }
    try {
        const base::RunResult result = base::run(command);
        if (result.status == 0) {
            return {.accel = Accel::kvm, .why = "KVM ran the probe guests correctly"};
        }
        return {
            .accel = Accel::tcg,
            .why = fmt::format("KVM failed the probe: {}",
                               first_line(result.err.empty() ? base::describe_status(result.status)
                                                             : result.err))};
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::timeout) {
            throw;
        }
        return {
            .accel = Accel::tcg,
            .why = fmt::format("KVM hung in the probe for {} ms", settings.probe_limit.count())};
    }
}

}  // namespace

std::string_view to_string(Accel accel) {
    return accel == Accel::kvm ? "kvm" : "tcg";
}

base::Json to_json(const AccelChoice& choice) {
    return base::Json{{"accel", to_string(choice.accel)}, {"why", choice.why}};
}

AccelChoice choose_accel(const AccelSettings& settings) {
    if (const std::optional<AccelChoice> forced = forced_choice(settings)) {
        return *forced;
    }
    if (const std::optional<std::string> reason = reason_against_kvm(settings.root)) {
        return {.accel = Accel::tcg, .why = *reason};
    }
    const std::string key = boot_and_kernel(settings.root);
    if (const std::optional<AccelChoice> known = cached_verdict(settings.cache_file, key)) {
        return *known;
    }
    const AccelChoice choice = run_probe(settings);
    if (!settings.cache_file.empty()) {
        base::Json json = to_json(choice);
        json["host"] = key;
        base::make_dirs(settings.cache_file.parent_path(), 0700);
        base::write_file(settings.cache_file, base::to_json_text(json, 2));
    }
    return choice;
}

}  // namespace hvruntime
