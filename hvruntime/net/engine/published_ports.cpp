// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/engine/published_ports.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"

namespace hvruntime::net {

namespace {

constexpr auto kRetry = std::chrono::seconds(2);

Ipv4Address require_ip(const std::string& text) {
    const std::optional<Ipv4Address> ip = find_ipv4(text);
    if (!ip) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("'{}' is not an IPv4 address", text));
    }
    return *ip;
}

}  // namespace

PublishedPorts::PublishedPorts(std::filesystem::path state_path, Uplink& uplink, TimePoint now)
    : state_path_(std::move(state_path)), uplink_(uplink), next_try_(now) {
    for (PublishedPort& port : read_published_ports(state_path_)) {
        entries_.push_back({std::move(port), std::nullopt, "not tried yet"});
    }
    tick(now);
}

std::uint16_t PublishedPorts::open(const PublishedPort& port) {
    return uplink_.publish(require_ip(port.host_address), port.host_port, require_ip(port.guest_ip),
                           port.guest_port);
}

std::vector<PublishedPorts::Entry>::iterator PublishedPorts::find(const std::string& host_address,
                                                                  std::uint16_t host_port) {
    return std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return entry.port.host_address == host_address && entry.port.host_port == host_port;
    });
}

std::uint16_t PublishedPorts::publish(PublishedPort port, std::optional<TimePoint> end) {
    const auto same = find(port.host_address, port.host_port);
    if (port.host_port != 0 && same != entries_.end()) {
        if (same->port == port) {
            return port.host_port;
        }
        throw base::Error(
            base::ErrorKind::conflict,
            fmt::format("port {} on {} is already published for {}:{}", port.host_port,
                        port.host_address, same->port.guest_ip, same->port.guest_port),
            "choose another port, or unpublish that one first");
    }
    port.host_port = open(port);
    entries_.push_back({port, end, ""});
    try {
        save();
    } catch (...) {
        uplink_.unpublish(require_ip(port.host_address), port.host_port);
        entries_.pop_back();
        throw;
    }
    return port.host_port;
}

void PublishedPorts::unpublish(const std::string& host_address, std::uint16_t host_port) {
    const auto found = find(host_address, host_port);
    if (found == entries_.end()) {
        return;
    }
    if (found->error.empty()) {
        uplink_.unpublish(require_ip(host_address), host_port);
    }
    entries_.erase(found);
    save();
}

void PublishedPorts::add_wake(PollSet& polls) const {
    for (const Entry& entry : entries_) {
        if (entry.end) {
            polls.wake_by(*entry.end);
        }
        if (!entry.error.empty()) {
            polls.wake_by(next_try_);
        }
    }
}

void PublishedPorts::tick(TimePoint now) {
    std::erase_if(entries_, [&](const Entry& entry) {
        const bool over = entry.end && *entry.end <= now;
        if (over) {
            uplink_.unpublish(require_ip(entry.port.host_address), entry.port.host_port);
        }
        return over;
    });
    if (now < next_try_) {
        return;
    }
    next_try_ = now + kRetry;
    for (Entry& entry : entries_) {
        if (entry.error.empty()) {
            continue;
        }
        try {
            open(entry.port);
            entry.error.clear();
        } catch (const base::Error& error) {
            if (entry.error != error.message()) {  // said once, tried until it works
                base::log(base::LogLevel::error, "switch", "{}", error.message());
            }
            entry.error = error.message();
        }
    }
}

base::Json PublishedPorts::to_json() const {
    base::Json list = base::Json::array();
    for (const Entry& entry : entries_) {
        base::Json json = hvruntime::to_json(entry.port);
        json["transient"] = entry.end.has_value();
        json["listening"] = entry.error.empty();
        json["error"] = entry.error;
        list.push_back(std::move(json));
    }
    return list;
}

void PublishedPorts::save() const {
    std::vector<PublishedPort> ports;
    for (const Entry& entry : entries_) {
        if (!entry.end) {
            ports.push_back(entry.port);
        }
    }
    write_published_ports(state_path_, ports);
}

}  // namespace hvruntime::net
