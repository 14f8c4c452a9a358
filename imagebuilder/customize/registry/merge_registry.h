// SPDX-License-Identifier: Apache-2.0
// Merges changes into the hives of a Windows that libguestfs has mounted for writing: each hive is
// fetched, changed by hivexregedit and put back. A hive is a stranger's: hivexregedit runs without
// privileges, under root as nobody and without a network.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "imagebuilder/customize/registry/reg_file.h"
#include "imagebuilder/guestfs/open_guest.h"

namespace imagebuilder {

// Throws unsupported when the system is no Windows or was not shut down, environment without
// hivexregedit, invalid_input for a damaged hive.
void merge_registry(GuestfishSession& session, const GuestSystem& system,
                    const std::vector<RegistryKey>& keys);

// ---- pure parts

enum class HiveState { clean, dirty, damaged };
// By the header: a hive is dirty while its log has what it lacks itself.
HiveState state_of_hive(std::string_view head);

// The hives that keys are in, each once.
std::vector<std::string> hives_of(const std::vector<RegistryKey>& keys);

}  // namespace imagebuilder
