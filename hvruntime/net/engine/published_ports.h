// SPDX-License-Identifier: Apache-2.0
// The ports that a switch has published, and the file that remembers them. One that cannot be had
// after a restart (someone else took it) is tried again until it can. Not thread-safe.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "hvruntime/net/engine/uplink.h"
#include "hvruntime/net/published_port.h"

namespace hvruntime::net {

class PublishedPorts {
  public:
    // Publishes again what the file says.
    PublishedPorts(std::filesystem::path state_path, Uplink& uplink, TimePoint now);

    // With an end it is not remembered: for the length of one probe, even if the prober dies.
    std::uint16_t publish(PublishedPort port, std::optional<TimePoint> end);
    void unpublish(const std::string& host_address, std::uint16_t host_port);
    void add_wake(PollSet& polls) const;
    void tick(TimePoint now);
    base::Json to_json() const;  // with "listening" and "error"

  private:
    struct Entry {
        PublishedPort port;
        std::optional<TimePoint> end;
        std::string error;  // empty: it listens
    };
    std::vector<Entry>::iterator find(const std::string& host_address, std::uint16_t host_port);
    std::uint16_t open(const PublishedPort& port);
    void save() const;

    std::filesystem::path state_path_;
    Uplink& uplink_;
    std::vector<Entry> entries_;
    TimePoint next_try_;
};

}  // namespace hvruntime::net
