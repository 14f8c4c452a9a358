// SPDX-License-Identifier: Apache-2.0
// The registry of a Windows that libguestfs has mounted. Its hives are a stranger's: they are read
// in the small machine (hivex), and only plain words come out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagebuilder/guestfs/guestfish_session.h"

namespace imagebuilder {

struct WindowsService {
    std::string name;  // "W3SVC"
    std::string display_name;
    std::string image_path;
    std::string account;
    std::uint32_t start = 3;  // 2: with the machine, 3: when it is asked for, 4: never
    std::uint32_t type = 0;   // 0x10, 0x20: a program's; below: a driver
};

// Of the current control set; drivers too. Empty when the hive cannot be opened. `root` is the
// inspected one.
std::vector<WindowsService> read_windows_services(GuestfishSession& session,
                                                  const std::string& root);

// ---- pure parts

// "[0] = {\n  hivex_node_h: 4744\n}": the numbers.
std::vector<std::string> parse_handles(std::string_view text);
// A REG_DWORD as hivex prints it: four bytes, little-endian.
std::optional<std::uint32_t> parse_dword(std::string_view bytes);

}  // namespace imagebuilder
