// SPDX-License-Identifier: Apache-2.0
// Finds the configuration CD of a machine and reads what is on it. Waits for a drive that the
// kernel is still detecting, woken by the kernel and not by a clock.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace hvruntime::agent {

struct EnvironmentCd {
    std::filesystem::path source;
    std::optional<std::string> ovf_env;  // ovf-env.xml
    std::optional<std::string> machine;  // muster.json
};

// An image file instead of a drive. Throws when it is no CD with an environment.
EnvironmentCd read_environment_image(const std::filesystem::path& image);
// nullopt: no drive with such a CD appeared in time.
std::optional<EnvironmentCd> find_environment_cd(std::chrono::milliseconds limit);

}  // namespace hvruntime::agent
