// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/config/system_files.h"

#include <unistd.h>
#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"

namespace hvruntime::agent {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBegin = "# muster: begin";
constexpr std::string_view kEnd = "# muster: end";
constexpr std::size_t kMostResolvers = 3;  // resolv.conf(5): MAXNS

std::string host_line(const GuestConfig& config) {
    std::string address = "127.0.1.1";
    for (const Interface& interface : config.interfaces) {
        if (!interface.address.empty()) {
            address = interface.address.substr(0, interface.address.find('/'));
            break;
        }
    }
    return config.domain.empty() ? fmt::format("{} {}\n", address, config.hostname)
                                 : fmt::format("{} {}.{} {}\n", address, config.hostname,
                                               config.domain, config.hostname);
}

}  // namespace

std::string network_file_name(const Interface& interface) {
    std::string id = interface.mac.empty() ? interface.name : interface.mac;
    std::erase(id, ':');
    return fmt::format("10-muster-{}.network", id);
}

std::string network_file_text(const Interface& interface, const GuestConfig& config) {
    std::string text = interface.mac.empty()
                           ? fmt::format("[Match]\nName={}\n", interface.name)
                           : fmt::format("[Match]\nMACAddress={}\n", interface.mac);
    text += "\n[Network]\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n";
    if (interface.address.empty()) {
        return text + "DHCP=ipv4\n\n[DHCPv4]\nClientIdentifier=mac\n";
    }
    text += fmt::format("ConfigureWithoutCarrier=yes\nAddress={}\n", interface.address);
    if (!interface.gateway.empty()) {
        text += fmt::format("Gateway={}\n", interface.gateway);
    }
    for (const std::string& server : interface.dns.empty() ? config.dns : interface.dns) {
        text += fmt::format("DNS={}\n", server);
    }
    const auto& search = interface.search.empty() ? config.search : interface.search;
    if (!search.empty()) {
        text += fmt::format("Domains={}\n", fmt::join(search, " "));
    }
    return text;
}

std::string hosts_text(std::string_view old_text, const GuestConfig& config) {
    std::string text;
    bool ours = false;
    bool has_localhost = false;
    while (!old_text.empty()) {
        const std::size_t end = std::min(old_text.find('\n'), old_text.size());
        const std::string_view line = old_text.substr(0, end);
        old_text.remove_prefix(std::min(end + 1, old_text.size()));
        if (line == kBegin) {
            ours = true;
        } else if (line == kEnd) {
            ours = false;
        } else if (!ours) {
            has_localhost = has_localhost || line.starts_with("127.0.0.1");
            text += fmt::format("{}\n", line);
        }
    }
    if (!has_localhost) {
        text.insert(0, "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n");
    }
    std::string block;
    if (!config.hostname.empty()) {
        block += host_line(config);
    }
    for (const std::string& line : config.host_lines) {
        block += line + "\n";
    }
    return block.empty() ? text : fmt::format("{}{}\n{}{}\n", text, kBegin, block, kEnd);
}

std::string hosts_block(std::string_view text) {
    const std::size_t begin = text.find(kBegin);
    const std::size_t end = begin == std::string_view::npos ? begin : text.find(kEnd, begin);
    return end == std::string_view::npos
               ? ""
               : fmt::format("{}\n", text.substr(begin, end + kEnd.size() - begin));
}

std::string resolv_conf_text(const GuestConfig& config) {
    std::string text = "# written by muster-guest at every boot\n";
    for (std::size_t i = 0; i < std::min(config.dns.size(), kMostResolvers); ++i) {
        text += fmt::format("nameserver {}\n", config.dns[i]);
    }
    if (!config.search.empty()) {
        text += fmt::format("search {}\n", fmt::join(config.search, " "));
    }
    return text;
}

void apply_network(const GuestConfig& config, const Places& places) {
    const fs::path folder = places.at("/run/systemd/network");
    for (const Interface& interface : config.interfaces) {
        base::make_dirs(folder);
        base::write_file(folder / network_file_name(interface),
                         network_file_text(interface, config));
    }
}

void apply_host_name(const GuestConfig& config, const Places& places) {
    if (config.hostname.empty()) {
        return;
    }
    base::write_file(places.at("/etc/hostname"), config.hostname + "\n");
    if (places.is_live() && ::sethostname(config.hostname.data(), config.hostname.size()) != 0) {
        throw base::SystemError(errno, "setting the host name");
    }
}

void apply_hosts(const GuestConfig& config, const Places& places) {
    const fs::path path = places.at("/etc/hosts");
    const std::string old_text = fs::exists(path) ? base::read_file(path) : "";
    const std::string text = hosts_text(old_text, config);
    if (text != old_text) {
        base::write_file(path, text);
    }
}

void apply_resolver(const GuestConfig& config, const Places& places) {
    if (config.dns.empty()) {
        return;
    }
    const fs::path path = places.at("/etc/resolv.conf");
    // systemd-resolved owns its own file and hears of the servers through networkd.
    const bool resolved =
        fs::is_symlink(path) && fs::exists(places.at("/lib/systemd/systemd-resolved"));
    if (!resolved) {
        base::write_file(path, resolv_conf_text(config));
    }
}

void apply_timezone(const GuestConfig& config, const Places& places) {
    if (config.timezone.empty()) {
        return;
    }
    const fs::path zone = fs::path("/usr/share/zoneinfo") / config.timezone;
    if (!fs::is_regular_file(places.at(zone.string()))) {
        throw base::Error(base::ErrorKind::not_found,
                          fmt::format("the time zone '{}' is not installed", config.timezone),
                          "add the package tzdata to the recipe, or name a zone that exists");
    }
    const fs::path link = places.at("/etc/localtime");
    const fs::path fresh = places.at("/etc/.localtime.muster");
    std::error_code ignored;
    fs::remove(fresh, ignored);
    fs::create_symlink(zone, fresh);
    base::rename_file(fresh, link);
    base::write_file(places.at("/etc/timezone"), config.timezone + "\n");
}

}  // namespace hvruntime::agent
