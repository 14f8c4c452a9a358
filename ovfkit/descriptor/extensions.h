// SPDX-License-Identifier: Apache-2.0
// What OVF cannot say, in sections of our own namespace with ovf:required="false": how a machine
// boots, when it is ready, how many there are of it, how machines are wired, and what an assembly
// publishes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ovfkit/xml/place.h"

namespace ovfkit {

inline constexpr std::string_view kMusterNamespace = "urn:muster:ovf:1";

// Direct boot: the kernel and the initrd are files of the References. Without it: by firmware.
struct DirectBoot {
    std::string kernel_file;  // ids of files
    std::string initrd_file;  // empty: none
    std::string command_line;

    bool operator==(const DirectBoot&) const = default;
};

struct Readiness {
    // key: the guest has set it on its channel. tcp: "5432" accepts a connection. http:
    // ":8080/health" answers with a status below 400.
    enum class Kind { key, tcp, http };
    Kind kind = Kind::key;
    std::string target;
    std::chrono::seconds timeout{300};

    bool operator==(const Readiness&) const = default;
};

struct MachineCount {
    std::uint32_t initial = 1;
    std::uint32_t minimum = 1;
    std::uint32_t maximum = 1;

    bool operator==(const MachineCount&) const = default;
};

// What a machine offers (input) or needs (output), and what an output is connected to.
struct Endpoint {
    enum class Direction { input, output };
    Direction direction = Direction::input;
    std::string name;  // "http"
    std::string protocol;
    // Of an output: what it takes when nobody says otherwise.
    std::optional<std::uint16_t> port;
    std::string port_property;  // the properties that hold port and host; may be empty
    std::string host_property;
    std::string machine;  // at the other end: id of a virtual system; empty: none
    std::string input;    // of that machine
    std::string network;  // by which it is reached

    bool operator==(const Endpoint&) const = default;
};

// muster:MachineSection of a virtual system.
struct MachineSection {
    Place place;
    std::optional<DirectBoot> boot;
    std::optional<Readiness> ready;
    MachineCount count;
    std::vector<Endpoint> endpoints;

    bool operator==(const MachineSection&) const = default;
};

struct Publish {
    std::string machine;  // id of a virtual system
    std::uint16_t port = 0;
    std::string name;                        // "http": what the port is called for the user
    std::optional<std::uint16_t> host_port;  // absent: a free one

    bool operator==(const Publish&) const = default;
};

// muster:AssemblySection of the outermost collection.
struct AssemblySection {
    Place place;
    std::string name;
    std::string version;
    std::vector<Publish> publish;
    std::vector<std::string> isolated_networks;  // names of networks without an uplink

    bool operator==(const AssemblySection&) const = default;
};

std::string_view to_string(Readiness::Kind kind);
std::string_view to_string(Endpoint::Direction direction);

}  // namespace ovfkit
