// SPDX-License-Identifier: Apache-2.0
// libguestfs by its shell: one script, one handle, one small machine (on KVM where that is proven,
// else emulated), in a process of its own, so that whatever happens to the library is an error of
// ours. The door to libguestfs.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace imagebuilder {

struct GuestfishSettings {
    std::function<bool()> kvm_works;  // empty: it does not
    std::chrono::minutes limit{60};
};

using GuestfishCommands = std::vector<std::vector<std::string>>;  // words, as they are

struct GuestfishScript {
    std::vector<std::string> arguments;  // of guestfish
    GuestfishCommands commands;
    int stdin_fd = -1;   // what "-" is for commands that take a file
    int stdout_fd = -1;  // what "-" is for commands that give one
};

// What its environment is: a backend that needs no daemon, KVM where that is proven. What the user
// has set stays.
std::map<std::string, std::string> guestfs_environment(const GuestfishSettings& settings);

// Of what it printed to standard error, as it is: its first error without libguestfs's name, and
// what the user can do about it. Pure.
std::string explain_guestfs_error(const std::string& text);
std::string guestfs_remedy(const std::string& text);

// Throws environment without guestfish or what its machine is made of, timeout, and external with
// libguestfs's own words. $LIBGUESTFS_BACKEND and $LIBGUESTFS_BACKEND_SETTINGS are honoured.
void run_guestfish(const GuestfishScript& script, const GuestfishSettings& settings);

}  // namespace imagebuilder
