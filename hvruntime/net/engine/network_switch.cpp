// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/engine/network_switch.h"

#include <unistd.h>

#include <fmt/format.h>

#include "base/process.h"

namespace hvruntime::net {

namespace {

constexpr std::size_t kBatchesPerRound = 4;
constexpr const char* kResolvConf = "/etc/resolv.conf";

PortIdentity identity_of(const SwitchPort& port) {
    return {find_mac(port.mac).value_or(MacAddress{}), find_ipv4(port.ip).value_or(Ipv4Address{})};
}

NetworkLayout layout_of(const SwitchSpec& spec) {
    return {find_subnet(spec.subnet).value_or(Subnet{}), spec.mtu};
}

}  // namespace

NetworkSwitch::Port::Port(const SwitchPort& spec, const PortIdentity& who)
    : machine_id(spec.machine_id), identity(who), socket(spec.switch_socket, spec.machine_socket) {
}

NetworkSwitch::NetworkSwitch(const SwitchSpec& spec, const std::filesystem::path& state_path)
    : spec_(spec),
      layout_(layout_of(spec)),
      now_(Clock::now()),
      batch_(spec.mtu + kEthernetHeader),
      service_(spec, layout_),
      uplink_({layout_.subnet, spec.isolated, spec.mtu},
              [this](ByteView frame) { from_uplink(frame); }),
      prober_(service_.address(),
              [this](const MacAddress& to, const Bytes& frame) { deliver_to(to, frame); }),
      forwarder_(kResolvConf, spec.mtu - 28,  // IPv4 and UDP headers: an answer is never fragmented
                 [this](const Endpoint& client, const Bytes& payload) {
                     deliver_to(client.mac, service_.build_dns_frame(client, payload));
                 }),
      published_(state_path, uplink_, now_),
      control_(spec.control_socket,
               [this](const ControlServer::Caller& caller, const base::Json& request) {
                   handle_request(caller, request);
               }) {
    for (const SwitchPort& port : spec.ports) {
        ports_.push_back(std::make_unique<Port>(port, identity_of(port)));
        by_mac_[ports_.back()->identity.mac] = ports_.back().get();
    }
}

void NetworkSwitch::run(int stop_fd) {
    PollSet polls;
    while (true) {
        polls.clear();
        const std::size_t stop = polls.add(stop_fd, POLLIN);
        for (const auto& port : ports_) {
            port->socket.add_polls(polls);
        }
        control_.add_polls(polls);
        forwarder_.add_polls(polls);
        prober_.add_wake(polls);
        published_.add_wake(polls);
        uplink_.add_polls(polls, now_);
        polls.wait(now_);
        now_ = Clock::now();
        if (polls.revents(stop) != 0) {
            return;
        }
        // Beyond this point no descriptor of `polls` is closed before its events were handled.
        uplink_.handle(polls, now_);
        for (const auto& port : ports_) {
            port->socket.handle(polls);
            if (port->socket.readable(polls)) {
                drain(*port);
            }
        }
        forwarder_.handle(polls, now_);
        control_.handle(polls);
        prober_.tick(now_);
        published_.tick(now_);
    }
}

// At most a few batches, so that one busy machine does not silence the others.
void NetworkSwitch::drain(Port& port) {
    for (std::size_t round = 0; round < kBatchesPerRound; ++round) {
        const std::size_t count = batch_.receive(port.socket.receive_fd());
        for (std::size_t i = 0; i < count; ++i) {
            from_port(port, batch_.frame(i));
        }
        if (count < ReceiveBatch::kSize) {
            return;
        }
    }
}

void NetworkSwitch::from_port(Port& port, ByteView frame) {
    ++port.frames_in;
    port.bytes_in += frame.size();
    const Route route = route_frame(layout_, port.identity, frame);
    switch (route.target) {
        case Target::drop: drop(route.reason); return;
        case Target::nobody: return;
        case Target::service: to_service(port, frame); return;
        case Target::uplink: uplink_.input(frame); return;
        case Target::port: deliver_to(route.to, frame); return;
        case Target::everyone:
            if (port.floods.take(now_)) {
                flood(&port, frame);
            } else {
                drop(Drop::rate_limit);
            }
            return;
    }
}

void NetworkSwitch::to_service(Port& port, ByteView frame) {
    if (!port.requests.take(now_)) {
        drop(Drop::rate_limit);
        return;
    }
    ServiceAction action = service_.handle(port.identity, frame);
    if (action.reply) {
        deliver(port, *action.reply);
    } else if (action.to_uplink) {
        uplink_.input(frame);
    } else if (action.probe) {
        prober_.on_segment(action.client, *action.probe);
    } else if (action.forward) {
        const auto ethernet = find_ethernet(frame);
        const auto packet = find_ipv4_packet(ethernet->payload);
        const ByteView query = find_udp(packet->payload)->payload;
        forwarder_.ask(action.client, std::move(*action.forward), query, now_);
    }
}

void NetworkSwitch::from_uplink(ByteView frame) {
    const std::optional<EthernetFrame> ethernet = find_ethernet(frame);
    if (!ethernet) {
        return;
    }
    if (ethernet->to.is_multicast()) {
        flood(nullptr, frame);
    } else {
        deliver_to(ethernet->to, frame);
    }
}

void NetworkSwitch::deliver(Port& port, ByteView frame) {
    if (const std::optional<Drop> reason = port.socket.send(frame)) {
        drop(*reason);
        return;
    }
    ++port.frames_out;
    port.bytes_out += frame.size();
}

void NetworkSwitch::deliver_to(const MacAddress& to, ByteView frame) {
    const auto found = by_mac_.find(to);
    if (found == by_mac_.end()) {
        drop(Drop::unknown_target);
        return;
    }
    deliver(*found->second, frame);
}

void NetworkSwitch::flood(const Port* except, ByteView frame) {
    for (const auto& port : ports_) {
        if (port.get() != except) {
            deliver(*port, frame);
        }
    }
}

void NetworkSwitch::handle_request(const ControlServer::Caller& caller, const base::Json& request) {
    const std::string op = base::require_string(request, "op");
    if (op == "status") {
        control_.reply(caller, status());
    } else if (op == "publish") {
        const PublishedPort port = parse_published_port(request);
        const std::optional<Ipv4Address> guest = find_ipv4(port.guest_ip);
        if (!guest || !layout_.subnet.is_host(*guest)) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("'{}' is not an address of network {} ({})",
                                          port.guest_ip, spec_.name, spec_.subnet));
        }
        std::optional<TimePoint> end;
        if (const std::int64_t seconds = request.value("seconds", std::int64_t{0}); seconds > 0) {
            end = now_ + std::chrono::seconds(std::min<std::int64_t>(seconds, 3600));
        }
        control_.reply(caller, {{"host_port", published_.publish(port, end)}});
    } else if (op == "unpublish") {
        published_.unpublish(base::require_string(request, "host_address"),
                             require_port(request, "host_port"));
        control_.reply(caller, base::Json::object());
    } else if (op == "probe_tcp") {
        start_probe(caller, request);
    } else {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("there is no operation '{}'", op));
    }
}

void NetworkSwitch::start_probe(const ControlServer::Caller& caller, const base::Json& request) {
    const std::string text = base::require_string(request, "ip");
    const std::optional<Ipv4Address> ip = find_ipv4(text);
    for (const auto& port : ports_) {
        if (ip && port->identity.ip == *ip) {
            const auto limit = std::chrono::milliseconds(std::clamp<std::int64_t>(
                request.value("timeout_ms", std::int64_t{1000}), 1, 600000));
            prober_.start({port->identity.mac, *ip, require_port(request, "port")}, now_,
                          now_ + limit, [this, caller](ProbeResult result) {
                              control_.reply(caller, {{"state", to_string(result)}});
                          });
            return;
        }
    }
    throw base::Error(
        base::ErrorKind::not_found,
        fmt::format("network {} has no machine with the address '{}'", spec_.name, text));
}

base::Json NetworkSwitch::status() const {
    const base::ProcessId self = base::find_process(::getpid()).value_or(base::ProcessId{});
    base::Json dropped = base::Json::object();
    for (std::size_t i = 0; i < kDropReasons; ++i) {
        dropped[std::string(to_string(static_cast<Drop>(i)))] = dropped_[i];
    }
    base::Json ports = base::Json::array();
    for (const auto& port : ports_) {
        ports.push_back(base::Json{{"machine_id", port->machine_id},
                                   {"frames_in", port->frames_in},
                                   {"bytes_in", port->bytes_in},
                                   {"frames_out", port->frames_out},
                                   {"bytes_out", port->bytes_out},
                                   {"queued", port->socket.queued()}});
    }
    return base::Json{{"pid", self.pid},
                      {"start_time", self.start_time},
                      {"published", published_.to_json()},
                      {"counters", {{"ports", ports}, {"dropped", dropped}}}};
}

}  // namespace hvruntime::net
