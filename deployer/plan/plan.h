// SPDX-License-Identifier: Apache-2.0
// What one deployment will be, decided before anything is done: a plain value that can be printed,
// stored in the deployment's record and compared. plan_deployment() is a pure function; its only
// outside help is passed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "ovfkit/descriptor/envelope.h"

namespace deployer {

// What the user asked for.
struct DeployRequest {
    std::string name;                                 // empty: the assembly's name
    std::map<std::string, std::string> settings;      // "web.title" -> "Hello"
    std::map<std::string, std::uint16_t> host_ports;  // "http" or "web:80" -> 8080
    std::string configuration;                        // empty: the default one
};

struct PlannedNetwork {
    std::string name;    // as the descriptor has it
    std::string subnet;  // "10.84.0.0/24"
    bool isolated = false;
};

struct PlannedLayer {
    std::string member;
    std::string format;
    std::string compression;
};

struct PlannedDisk {
    std::string member;  // name in the package; empty: a blank disk
    std::string format;  // URI of the descriptor
    std::string compression;
    std::vector<PlannedLayer> parents;  // of a delta: its parent, the parent of that, and so on
    std::uint64_t capacity_bytes = 0;
    std::string bus;  // "virtio-blk", "pvscsi", "sata", …: a hvruntime disk bus
};

struct PlannedNic {
    std::string network;
    std::string mac;
    std::string address;  // without prefix length
    std::string model;    // "virtio-net", "vmxnet3", "e1000", …
};

struct PlannedProperty {
    std::string key;
    std::string value;
    bool secret = false;
};

struct PlannedReadiness {
    std::string kind =
        "none";  // "none", "key", "tcp", "http", "guest" (its agent has said hello), "delay"
    std::string target;
    std::chrono::seconds timeout{300};
    bool required = true;  // false: going on when the time is over is fine (DSP0243 9.7 startDelay)
};

struct PlannedMachine {
    std::string name;    // unique in the deployment, a DNS label
    std::string system;  // id of the virtual system
    std::uint32_t cpus = 1;
    std::uint64_t memory_bytes = 0;
    std::string firmware = "bios";  // or "efi"
    std::vector<PlannedDisk> disks;
    std::vector<PlannedNic> nics;
    std::vector<PlannedProperty> properties;
    std::string kernel_member;  // direct boot; empty: from disk
    std::string initrd_member;
    std::string command_line;
    PlannedReadiness ready;
    std::string stop_action = "guestShutdown";
    std::uint32_t stop_delay_seconds = 0;
};

// Machines that start together; the next wave waits until all of them are ready.
struct StartWave {
    std::vector<std::string> machines;
};

struct PlannedPublish {
    std::string name;  // "http"
    std::string machine;
    std::uint16_t port = 0;
    std::uint16_t host_port = 0;  // 0: a free one
    std::string network;
    std::string address;
};

struct DeploymentPlan {
    std::string name;
    std::string assembly;
    std::string version;
    std::string configuration;
    std::vector<PlannedNetwork> networks;
    std::vector<PlannedMachine> machines;
    std::vector<StartWave> waves;
    std::vector<PlannedPublish> publish;
    std::vector<std::string>
        not_honoured;  // a sentence for each thing of the descriptor that has no effect
};

// `generate(length)` makes a password.
// Errors: usage (unknown machine or property, a property that is not for users, a missing required
// value, a bad name), invalid_input (the descriptor contradicts itself), unsupported.
DeploymentPlan plan_deployment(const ovfkit::Envelope& envelope, const DeployRequest& request,
                               const std::function<std::string(std::size_t)>& generate);

const PlannedMachine& require_machine(const DeploymentPlan& plan, std::string_view name);
const PlannedNetwork* find_network(const DeploymentPlan& plan, std::string_view name);

base::Json to_json(const DeploymentPlan& plan);
DeploymentPlan plan_of_json(const base::Json& json);
// With secrets replaced by "***": for people and logs.
base::Json to_printable_json(const DeploymentPlan& plan);
std::string describe_plan(const DeploymentPlan& plan);

// A DNS label from any name: "My Server (1)" -> "my-server-1"; "machine" when nothing is left.
std::string make_label(std::string_view name);

}  // namespace deployer
