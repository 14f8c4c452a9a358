// SPDX-License-Identifier: Apache-2.0
// Runs a shell script that has to succeed, in a folder: for what a test lays out by other programs.
#pragma once

#include <filesystem>
#include <string>

#include "base/process.h"

namespace tests {

inline base::RunResult shell(const std::string& script, const std::filesystem::path& cwd) {
    base::Command command;
    command.argv = {"sh", "-e", "-c", script};
    command.cwd = cwd;
    command.env = {{"PATH", "/usr/sbin:/sbin:/usr/bin:/bin"}, {"DEBUGFS_PAGER", "cat"}};
    return base::run_checked(command);
}

}  // namespace tests
