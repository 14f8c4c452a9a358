// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/switch_scan.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"

namespace hvruntime {

namespace fs = std::filesystem;

namespace {

std::optional<fs::path> spec_path_of(pid_t pid, std::string_view verb) {
    std::string text;
    try {
        text = base::read_file(fmt::format("/proc/{}/cmdline", pid), 1U << 20U);
    } catch (const base::Error&) {
        return std::nullopt;  // gone meanwhile, or of another user
    }
    std::vector<std::string> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\0'), text.size());
        words.push_back(text.substr(0, end));
        text.erase(0, end + 1);
    }
    if (words.size() != 3 || words[1] != verb || !words[2].starts_with('/')) {
        return std::nullopt;
    }
    return words[2];
}

}  // namespace

std::vector<SwitchProcess> find_switch_processes(const fs::path& networks, std::string_view verb) {
    std::vector<SwitchProcess> found;
    for (const auto& entry : fs::directory_iterator("/proc")) {
        const std::string name = entry.path().filename().string();
        if (!std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
            continue;
        }
        const pid_t pid = static_cast<pid_t>(std::stol(name));
        const std::optional<base::ProcessId> process = base::find_process(pid);
        const std::optional<fs::path> path = spec_path_of(pid, verb);
        if (process && path && path->parent_path().parent_path() == networks &&
            path->filename() == "spec.json") {
            found.push_back({*process, *path});
        }
    }
    return found;
}

}  // namespace hvruntime
