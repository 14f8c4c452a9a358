// SPDX-License-Identifier: Apache-2.0
// One network's switch: ports, service, uplink, probes and control socket in one poll loop, one
// thread. Everything a guest sends is bounded: frames taken per round, broadcasts and service
// requests per second, frames queued for a machine that does not take them.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "hvruntime/net/engine/control_server.h"
#include "hvruntime/net/engine/dns_forwarder.h"
#include "hvruntime/net/engine/port_socket.h"
#include "hvruntime/net/engine/published_ports.h"
#include "hvruntime/net/engine/rate_limit.h"
#include "hvruntime/net/engine/service.h"
#include "hvruntime/net/engine/tcp_probe.h"
#include "hvruntime/net/engine/uplink.h"
#include "hvruntime/net/switch_spec.h"

namespace hvruntime::net {

class NetworkSwitch {
  public:
    // All sockets are there when this returns; the destructor removes them.
    NetworkSwitch(const SwitchSpec& spec, const std::filesystem::path& state_path);

    void run(int stop_fd);  // until stop_fd is readable

  private:
    struct Port {
        Port(const SwitchPort& spec, const PortIdentity& who);
        std::string machine_id;
        PortIdentity identity;
        PortSocket socket;
        RateLimit floods{2000, 2000};
        RateLimit requests{2000, 2000};
        std::uint64_t frames_in = 0;
        std::uint64_t bytes_in = 0;
        std::uint64_t frames_out = 0;
        std::uint64_t bytes_out = 0;
    };

    void drain(Port& port);
    void from_port(Port& port, ByteView frame);
    void from_uplink(ByteView frame);
    void to_service(Port& port, ByteView frame);
    void deliver(Port& port, ByteView frame);
    void deliver_to(const MacAddress& to, ByteView frame);
    void flood(const Port* except, ByteView frame);
    void drop(Drop reason) { ++dropped_[static_cast<std::size_t>(reason)]; }

    void handle_request(const ControlServer::Caller& caller, const base::Json& request);
    void start_probe(const ControlServer::Caller& caller, const base::Json& request);
    base::Json status() const;

    SwitchSpec spec_;
    NetworkLayout layout_;
    TimePoint now_;
    std::array<std::uint64_t, kDropReasons> dropped_{};
    std::vector<std::unique_ptr<Port>> ports_;
    std::map<MacAddress, Port*> by_mac_;
    ReceiveBatch batch_;
    Service service_;
    Uplink uplink_;
    TcpProber prober_;
    DnsForwarder forwarder_;
    PublishedPorts published_;
    ControlServer control_;  // last: it answers only when everything is there
};

}  // namespace hvruntime::net
