// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/engine/tcp_probe.h"

#include <array>
#include <cstring>

#include "base/error.h"
#include "base/random.h"

namespace hvruntime::net {

namespace {

constexpr auto kSynInterval = std::chrono::milliseconds(250);
constexpr std::size_t kMostProbes = 256;
constexpr std::uint16_t kFirstPort = 49152;

std::uint32_t random_number() {
    std::array<std::byte, 4> bytes{};
    base::random_bytes(bytes);
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

}  // namespace

std::string_view to_string(ProbeResult result) {
    switch (result) {
        case ProbeResult::open: return "open";
        case ProbeResult::closed: return "closed";
        case ProbeResult::silent: return "silent";
    }
    base::unreachable("ProbeResult");
}

void TcpProber::start(const Endpoint& target, TimePoint now, TimePoint deadline, Done done) {
    if (probes_.size() >= kMostProbes) {
        throw base::Error(base::ErrorKind::conflict, "too many TCP probes at once",
                          "wait for one to end");
    }
    std::uint16_t port = 0;
    do {
        port = static_cast<std::uint16_t>(kFirstPort + random_number() % (65536U - kFirstPort));
    } while (probes_.contains(port));
    probes_[port] = Probe{target, random_number(), now, deadline, std::move(done)};
    tick(now);
}

void TcpProber::on_segment(const Endpoint& client, const ProbeSegment& probe) {
    const TcpSegment& segment = probe.segment;
    const auto found = probes_.find(segment.to_port);
    const bool reset = (segment.flags & kTcpRst) != 0;
    const Endpoint peer{client.mac, probe.from, segment.from_port};
    const bool expected = found != probes_.end() && found->second.target.ip == probe.from &&
                          found->second.target.port == segment.from_port &&
                          segment.acknowledgement == found->second.sequence + 1;
    if (!expected) {
        if (!reset) {  // RFC 9293, 3.10.7.1: nobody is connected here
            const bool has_ack = (segment.flags & kTcpAck) != 0;
            send_(client.mac,
                  build_tcp(
                      source(segment.to_port), peer,
                      {.sequence = has_ack ? segment.acknowledgement : 0,
                       .acknowledgement = segment.sequence + 1,
                       .flags = static_cast<std::uint8_t>(has_ack ? kTcpRst : kTcpRst | kTcpAck)}));
        }
        return;
    }
    const bool open = !reset && (segment.flags & kTcpSyn) != 0;
    if (open) {
        send_(client.mac, build_tcp(source(segment.to_port), peer,
                                    {.sequence = found->second.sequence + 1, .flags = kTcpRst}));
    }
    if (open || reset) {
        const Done done = std::move(found->second.done);
        probes_.erase(found);
        done(open ? ProbeResult::open : ProbeResult::closed);
    }
}

void TcpProber::add_wake(PollSet& polls) const {
    for (const auto& [port, probe] : probes_) {
        polls.wake_by(std::min(probe.next_syn, probe.deadline));
    }
}

void TcpProber::tick(TimePoint now) {
    std::vector<Done> silent;
    for (auto it = probes_.begin(); it != probes_.end();) {
        Probe& probe = it->second;
        if (probe.deadline <= now) {
            silent.push_back(std::move(probe.done));
            it = probes_.erase(it);
            continue;
        }
        if (probe.next_syn <= now) {
            probe.next_syn = now + kSynInterval;
            send_(probe.target.mac, build_tcp(source(it->first), probe.target,
                                              {.sequence = probe.sequence, .flags = kTcpSyn}));
        }
        ++it;
    }
    for (const Done& done : silent) {
        done(ProbeResult::silent);
    }
}

}  // namespace hvruntime::net
