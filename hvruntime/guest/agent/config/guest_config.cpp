// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/config/guest_config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

#include <fmt/format.h>

#include "base/error.h"
#include "base/json.h"
#include "ovfkit/env/ovf_env.h"

namespace hvruntime::agent {

namespace {

constexpr std::string_view kOracle = "com.oracle.linux.";
constexpr int kMostOracleDevices = 16;

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

// RFC 1123 2.1: labels of letters, digits and hyphens, parted by dots.
bool is_host_name(std::string_view name) {
    if (name.empty() || name.size() > 253 || name.front() == '.' || name.front() == '-' ||
        name.back() == '.' || name.find("..") != std::string_view::npos) {
        return false;
    }
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return is_name_character(c) || c == '.'; });
}

bool is_address(const std::string& text) {
    in6_addr buffer{};
    return ::inet_pton(AF_INET, text.c_str(), &buffer) == 1 ||
           ::inet_pton(AF_INET6, text.c_str(), &buffer) == 1;
}

bool is_address_with_prefix(const std::string& text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string::npos || !is_address(text.substr(0, slash))) {
        return false;
    }
    int prefix = -1;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, prefix);
    const int most = text.find(':') == std::string::npos ? 32 : 128;
    return error == std::errc() && stop == end && prefix >= 0 && prefix <= most;
}

bool is_mac(std::string_view text) {
    if (text.size() != 17) {
        return false;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (i % 3 == 2 ? c != ':' : !hex) {
            return false;
        }
    }
    return true;
}

bool is_interface_name(std::string_view text) {
    return !text.empty() && text.size() < 16 && std::all_of(text.begin(), text.end(), [](char c) {
        return is_name_character(c) || c == '.' || c == '_' || c == '@';
    });
}

bool is_user_name(std::string_view text) {
    return !text.empty() && text.size() <= 32 && text.front() != '-' &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_name_character(c) || c == '_' || c == '.'; });
}

bool is_zone_name(std::string_view text) {
    return !text.empty() && text.size() < 64 && text.front() != '/' && text.front() != '.' &&
           text.find("..") == std::string_view::npos &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return is_name_character(c) || c == '/' || c == '_' || c == '+';
           });
}

bool is_one_line(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

std::vector<std::string> split(std::string_view text, std::string_view separators) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(separators), text.size());
        if (end > 0) {
            words.emplace_back(text.substr(0, end));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

// Takes what passes its check and notes what does not.
class Collector {
  public:
    explicit Collector(GuestConfig& config) : config_(config) {}

    template <typename Check>
    void take(std::string_view what, const std::string& value, std::string& to, Check&& check) {
        if (check(value)) {
            to = value;
        } else {
            refuse(what, "not possible here");
        }
    }
    template <typename Check>
    void take_all(std::string_view what, const std::vector<std::string>& values,
                  std::vector<std::string>& to, Check&& check) {
        for (const std::string& value : values) {
            if (check(value)) {
                to.push_back(value);
            } else {
                refuse(what, "not possible here");
            }
        }
    }
    // Without the value: it may be a password in the wrong place.
    void refuse(std::string_view what, std::string_view why) {
        config_.refused.push_back(fmt::format("'{}': {}", what, why));
    }

  private:
    GuestConfig& config_;
};

std::vector<std::string> strings_at(const base::Json& object, const char* key) {
    std::vector<std::string> out;
    if (object.contains(key) && object[key].is_array()) {
        for (const base::Json& item : object[key]) {
            out.push_back(item.is_string() ? item.get<std::string>() : "");
        }
    }
    return out;
}

void read_interface(const base::Json& json, GuestConfig& config) {
    Collector collector(config);
    Interface interface;
    collector.take("interfaces.mac", base::string_or(json, "mac", ""), interface.mac, is_mac);
    if (interface.mac.empty()) {
        return;
    }
    if (const std::string address = base::string_or(json, "address", ""); !address.empty()) {
        collector.take("interfaces.address", address, interface.address, is_address_with_prefix);
    }
    if (const std::string gateway = base::string_or(json, "gateway", ""); !gateway.empty()) {
        collector.take("interfaces.gateway", gateway, interface.gateway, is_address);
    }
    config.interfaces.push_back(std::move(interface));
}

void read_machine(const std::string& text, GuestConfig& config) {
    const base::Json json = base::parse_json(text, "muster.json");
    if (!json.is_object()) {
        throw base::Error(base::ErrorKind::invalid_input, "muster.json is not an object");
    }
    Collector collector(config);
    const auto name = [&](const char* key, std::string& to, auto&& check) {
        if (const std::string value = base::string_or(json, key, ""); !value.empty()) {
            collector.take(key, value, to, check);
        }
    };
    name("hostname", config.hostname, is_host_name);
    name("domain", config.domain, is_host_name);
    name("instance_id", config.instance_id, is_one_line);
    collector.take_all("dns", strings_at(json, "dns"), config.dns, is_address);
    collector.take_all("search", strings_at(json, "search"), config.search, is_host_name);
    if (json.contains("interfaces") && json["interfaces"].is_array()) {
        for (const base::Json& interface : json["interfaces"]) {
            read_interface(interface, config);
        }
    }
}

// com.oracle.linux.network.device.N and its companions (Oracle VM 3 template configuration).
void read_oracle_device(const ovfkit::OvfEnvironment& environment, int number,
                        GuestConfig& config) {
    Collector collector(config);
    const auto value = [&](std::string_view what) {
        return ovfkit::find_value(environment,
                                  fmt::format("{}network.{}.{}", kOracle, what, number))
            .value_or("");
    };
    if (const std::string line = value("host"); !line.empty()) {
        const std::vector<std::string> words = split(line, " \t");
        const bool good = words.size() > 1 && is_address(words[0]) &&
                          std::all_of(words.begin() + 1, words.end(), is_host_name);
        if (good) {
            config.host_lines.push_back(fmt::format("{}", fmt::join(words, " ")));
        } else {
            collector.refuse(fmt::format("{}network.host.{}", kOracle, number), "not a hosts line");
        }
    }
    const std::string device = value("device");
    if (device.empty() || value("onboot") == "no") {
        return;
    }
    Interface interface;
    collector.take("network.device", device, interface.name, is_interface_name);
    if (interface.name.empty()) {
        return;
    }
    if (value("bootproto") == "static") {
        const std::optional<int> prefix = prefix_of_netmask(value("netmask"));
        const std::string address = fmt::format("{}/{}", value("ipaddr"), prefix.value_or(-1));
        collector.take("network.ipaddr", address, interface.address, is_address_with_prefix);
        if (interface.address.empty()) {
            return;
        }
        if (const std::string gateway = value("gateway"); !gateway.empty()) {
            collector.take("network.gateway", gateway, interface.gateway, is_address);
        }
    }
    collector.take_all("network.dns-servers", split(value("dns-servers"), ", "), interface.dns,
                       is_address);
    collector.take_all("network.dns-search-domains", split(value("dns-search-domains"), ", "),
                       interface.search, is_host_name);
    config.dns.insert(config.dns.end(), interface.dns.begin(), interface.dns.end());
    config.search.insert(config.search.end(), interface.search.begin(), interface.search.end());
    config.interfaces.push_back(std::move(interface));
}

void read_environment(const std::string& text, GuestConfig& config) {
    const ovfkit::OvfEnvironment environment = ovfkit::read_ovf_env(text, "ovf-env.xml");
    Collector collector(config);
    for (const ovfkit::EnvProperty& property : environment.properties) {
        config.properties.push_back({property.key, property.value});
    }
    const auto take = [&](std::initializer_list<std::string_view> keys, std::string& to,
                          auto&& check) {
        for (const std::string_view key : keys) {
            const auto value = ovfkit::find_value(environment, key);
            if (value && !value->empty() && to.empty()) {
                collector.take(key, *value, to, check);
            }
        }
    };
    take({"instance-id"}, config.instance_id, is_one_line);
    take({"hostname", "local-hostname", "com.oracle.linux.network.hostname"}, config.hostname,
         is_host_name);
    take({"muster.user"}, config.user, is_user_name);
    take({"password"}, config.password, is_one_line);
    take({"root-password", "com.oracle.linux.root-password"}, config.root_password, is_one_line);
    take({"com.oracle.linux.datetime.timezone"}, config.timezone, is_zone_name);
    if (const auto keys = ovfkit::find_value(environment, "public-keys")) {
        collector.take_all("public-keys", split(*keys, "\r\n"), config.public_keys, is_one_line);
    }
    for (int i = 0; i < kMostOracleDevices; ++i) {
        read_oracle_device(environment, i, config);
    }
}

}  // namespace

std::optional<int> prefix_of_netmask(std::string_view netmask) {
    in_addr address{};
    if (::inet_pton(AF_INET, std::string(netmask).c_str(), &address) != 1) {
        return std::nullopt;
    }
    const std::uint32_t bits = ntohl(address.s_addr);
    const int ones = std::countl_one(bits);
    return std::popcount(bits) == ones ? std::optional(ones) : std::nullopt;
}

GuestConfig parse_guest_config(const std::optional<std::string>& ovf_env,
                               const std::optional<std::string>& machine_json) {
    GuestConfig config;
    if (machine_json) {
        read_machine(*machine_json, config);  // what the host decided goes first
    }
    if (ovf_env) {
        read_environment(*ovf_env, config);
    }
    // A full name in 'hostname' brings its domain along.
    if (const std::size_t dot = config.hostname.find('.'); dot != std::string::npos) {
        if (config.domain.empty()) {
            config.domain = config.hostname.substr(dot + 1);
        }
        config.hostname.resize(dot);
    }
    return config;
}

}  // namespace hvruntime::agent
