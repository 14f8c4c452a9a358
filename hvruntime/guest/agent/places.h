// SPDX-License-Identifier: Apache-2.0
// Where muster-guest finds and keeps things. `root` is / in a machine; tests give a folder.
#pragma once

#include <filesystem>
#include <string_view>

namespace hvruntime::agent {

struct Places {
    std::filesystem::path root = "/";

    // The path below root of an absolute path.
    std::filesystem::path at(std::string_view absolute) const {
        return root / std::filesystem::path(absolute).relative_path();
    }
    bool is_live() const { return root == "/"; }  // only then is the running kernel touched

    // Gone with the boot, root only.
    std::filesystem::path run_dir() const { return at("/run/muster-guest"); }
    std::filesystem::path properties() const { return run_dir() / "properties.json"; }
    std::filesystem::path machine() const { return run_dir() / "machine.json"; }
    std::filesystem::path keys() const { return run_dir() / "keys.json"; }
    std::filesystem::path socket() const { return run_dir() / "sock"; }
    std::filesystem::path spool() const { return run_dir() / "spool"; }
    std::filesystem::path applied_settings() const { return run_dir() / "config.json"; }
    std::filesystem::path frozen_mark() const { return run_dir() / "frozen"; }
    // Kept over boots.
    std::filesystem::path state_dir() const { return at("/var/lib/muster-guest"); }
    std::filesystem::path instance_id() const { return state_dir() / "instance-id"; }
    // Of the image.
    std::filesystem::path first_boot_hooks() const { return at("/etc/muster/firstboot.d"); }
    std::filesystem::path configure_hooks() const { return at("/etc/muster/configure.d"); }
    std::filesystem::path change_hooks() const { return at("/etc/muster/change.d"); }
    std::filesystem::path config_schemas() const { return at("/etc/muster/config.d"); }
    // This program, to be run once more.
    std::filesystem::path guest_program() const {
        return is_live() ? "/proc/self/exe" : at("/usr/sbin/muster-guest");
    }
    std::filesystem::path systemctl() const { return at("/usr/bin/systemctl"); }
};

}  // namespace hvruntime::agent
