// SPDX-License-Identifier: Apache-2.0
// Asks a guest's TCP port whether someone listens: SYN from the service address; SYN-ACK means open
// (answered with RST, so that the guest's program never sees it), RST closed. SYN is repeated until
// the deadline. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string_view>

#include "hvruntime/net/engine/poll_set.h"
#include "hvruntime/net/engine/service.h"

namespace hvruntime::net {

enum class ProbeResult { open, closed, silent };
std::string_view to_string(ProbeResult result);

class TcpProber {
  public:
    using Send = std::function<void(const MacAddress& to, const Bytes& frame)>;
    using Done = std::function<void(ProbeResult)>;
    TcpProber(Endpoint service, Send send) : service_(service), send_(std::move(send)) {}

    void start(const Endpoint& target, TimePoint now, TimePoint deadline, Done done);
    void on_segment(const Endpoint& client, const ProbeSegment& probe);
    void add_wake(PollSet& polls) const;
    void tick(TimePoint now);

  private:
    struct Probe {
        Endpoint target;
        std::uint32_t sequence = 0;
        TimePoint next_syn;
        TimePoint deadline;
        Done done;
    };
    Endpoint source(std::uint16_t port) const { return {service_.mac, service_.ip, port}; }

    Endpoint service_;
    Send send_;
    std::map<std::uint16_t, Probe> probes_;  // by our port
};

}  // namespace hvruntime::net
