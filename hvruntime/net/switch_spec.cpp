// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/switch_spec.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "hvruntime/net/packet/address.h"

namespace hvruntime {

namespace {

using base::Error;
using base::ErrorKind;
using base::Json;
using net::Ipv4Address;
using net::MacAddress;
using net::Subnet;

[[noreturn]] void fail(const SwitchSpec& spec, std::string_view what) {
    throw Error(ErrorKind::invalid_input, fmt::format("network '{}': {}", spec.name, what));
}

bool is_label(std::string_view text) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    };
    return !text.empty() && text.size() <= 63 && std::all_of(text.begin(), text.end(), fits);
}

bool is_domain(std::string_view text) {
    if (text.empty() || text.size() > 200) {
        return false;
    }
    while (!text.empty()) {
        const std::size_t dot = std::min(text.find('.'), text.size());
        if (!is_label(text.substr(0, dot)) || dot + 1 == text.size()) {
            return false;
        }
        text.remove_prefix(std::min(dot + 1, text.size()));
    }
    return true;
}

bool is_id(std::string_view text) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    };
    return !text.empty() && text.size() <= 32 && text.front() != '-' &&
           std::all_of(text.begin(), text.end(), fits);
}

// Checks one machine's pair of addresses.
class AddressCheck {
  public:
    AddressCheck(const SwitchSpec& spec, Subnet subnet) : spec_(spec), subnet_(subnet) {}

    void check(std::string_view who, const std::string& mac_text, const std::string& ip_text) {
        const std::optional<MacAddress> mac = net::find_mac(mac_text);
        if (!mac || mac->is_multicast() || *mac == net::virtual_mac(subnet_.gateway()) ||
            *mac == net::virtual_mac(subnet_.service())) {
            fail(spec_, fmt::format("{} has an unusable MAC address '{}'", who, mac_text));
        }
        const std::optional<Ipv4Address> ip = net::find_ipv4(ip_text);
        if (!ip || !subnet_.is_host(*ip) || *ip == subnet_.gateway() || *ip == subnet_.service()) {
            fail(spec_, fmt::format("{} has the address '{}', which is not a free one of {}", who,
                                    ip_text, spec_.subnet));
        }
        if (!macs_.insert(*mac).second) {
            fail(spec_, fmt::format("the MAC address {} of {} is used twice", mac_text, who));
        }
        if (!ips_.insert(*ip).second) {
            fail(spec_, fmt::format("the address {} of {} is used twice", ip_text, who));
        }
    }

  private:
    const SwitchSpec& spec_;
    Subnet subnet_;
    std::set<MacAddress> macs_;
    std::set<Ipv4Address> ips_;
};

void check_names(const SwitchSpec& spec) {
    const auto check = [&spec](std::string_view name) {
        if (!is_label(name)) {
            fail(spec, fmt::format("'{}' is not a host name of one label", name));
        }
    };
    for (const SwitchHost& host : spec.hosts) {
        check(host.name);
        std::for_each(host.aliases.begin(), host.aliases.end(), check);
    }
    for (const SwitchDnsRecord& record : spec.dns_records) {
        check(record.name);
        if (!net::find_ipv4(record.ip)) {
            fail(spec, fmt::format("'{}' has the address '{}', which is not IPv4", record.name,
                                   record.ip));
        }
    }
    for (const std::string& domain : spec.domains) {
        if (!is_domain(domain)) {
            fail(spec, fmt::format("'{}' is not a domain name", domain));
        }
    }
    if (spec.domains.size() > 8) {
        fail(spec, "has more than 8 domains");
    }
}

// A host and a port with the same MAC are the same machine: the lease is what the port may use.
void check_agreement(const SwitchSpec& spec) {
    for (const SwitchHost& host : spec.hosts) {
        for (const SwitchPort& port : spec.ports) {
            const bool same_mac = net::find_mac(host.mac) == net::find_mac(port.mac);
            if (same_mac != (net::find_ipv4(host.ip) == net::find_ipv4(port.ip))) {
                fail(spec, fmt::format("host '{}' and the port of machine '{}' disagree about {} "
                                       "and {}",
                                       host.name, port.machine_id, port.mac, port.ip));
            }
        }
    }
}

Json strings_to_json(const std::vector<std::string>& strings) {
    Json array = Json::array();
    for (const std::string& text : strings) {
        array.push_back(text);
    }
    return array;
}

const Json& array_of(const Json& object, const char* key) {
    static const Json empty = Json::array();
    const auto found = object.find(key);
    if (found == object.end()) {
        return empty;
    }
    if (!found->is_array()) {
        throw Error(ErrorKind::invalid_input, fmt::format("'{}' is not an array", key));
    }
    return *found;
}

std::vector<std::string> strings_of(const Json& object, const char* key) {
    std::vector<std::string> strings;
    for (const Json& entry : array_of(object, key)) {
        if (!entry.is_string()) {
            throw Error(ErrorKind::invalid_input,
                        fmt::format("'{}' has an entry that is no text", key));
        }
        strings.push_back(entry.get<std::string>());
    }
    return strings;
}

SwitchSpec spec_of(const Json& json) {
    SwitchSpec spec{.id = base::require_string(json, "id"),
                    .name = base::require_string(json, "name"),
                    .deployment = base::string_or(json, "deployment", ""),
                    .subnet = base::require_string(json, "subnet")};
    if (const auto isolated = json.find("isolated"); isolated != json.end()) {
        if (!isolated->is_boolean()) {
            throw Error(ErrorKind::invalid_input, "'isolated' is not true or false");
        }
        spec.isolated = isolated->get<bool>();
    }
    if (const auto mtu = json.find("mtu"); mtu != json.end()) {
        if (!mtu->is_number_unsigned() || mtu->get<std::uint64_t>() > 65535) {
            throw Error(ErrorKind::invalid_input, "'mtu' is not a small number");
        }
        spec.mtu = mtu->get<unsigned>();
    }
    spec.domains = strings_of(json, "domains");
    for (const Json& host : array_of(json, "hosts")) {
        spec.hosts.push_back({.name = base::require_string(host, "name"),
                              .aliases = strings_of(host, "aliases"),
                              .ip = base::require_string(host, "ip"),
                              .mac = base::require_string(host, "mac")});
    }
    for (const Json& port : array_of(json, "ports")) {
        spec.ports.push_back({.machine_id = base::require_string(port, "machine_id"),
                              .mac = base::require_string(port, "mac"),
                              .ip = base::require_string(port, "ip"),
                              .switch_socket = base::string_or(port, "switch_socket", ""),
                              .machine_socket = base::string_or(port, "machine_socket", "")});
    }
    for (const Json& record : array_of(json, "dns_records")) {
        spec.dns_records.push_back({.name = base::require_string(record, "name"),
                                    .ip = base::require_string(record, "ip")});
    }
    spec.control_socket = base::string_or(json, "control_socket", "");
    validate_switch_spec(spec);
    return spec;
}

}  // namespace

Json to_json(const SwitchSpec& spec) {
    Json json{{"id", spec.id},         {"name", spec.name},         {"deployment", spec.deployment},
              {"subnet", spec.subnet}, {"isolated", spec.isolated}, {"mtu", spec.mtu}};
    json["domains"] = strings_to_json(spec.domains);
    json["hosts"] = Json::array();
    for (const SwitchHost& host : spec.hosts) {
        json["hosts"].push_back(Json{{"name", host.name},
                                     {"aliases", strings_to_json(host.aliases)},
                                     {"ip", host.ip},
                                     {"mac", host.mac}});
    }
    json["ports"] = Json::array();
    for (const SwitchPort& port : spec.ports) {
        json["ports"].push_back(Json{{"machine_id", port.machine_id},
                                     {"mac", port.mac},
                                     {"ip", port.ip},
                                     {"switch_socket", port.switch_socket},
                                     {"machine_socket", port.machine_socket}});
    }
    json["dns_records"] = Json::array();
    for (const SwitchDnsRecord& record : spec.dns_records) {
        json["dns_records"].push_back(Json{{"name", record.name}, {"ip", record.ip}});
    }
    json["control_socket"] = spec.control_socket;
    return json;
}

SwitchSpec parse_switch_spec(const Json& json, std::string_view what) {
    return base::in_context(what, [&] {
        if (!json.is_object()) {
            throw Error(ErrorKind::invalid_input, "is not an object");
        }
        return spec_of(json);
    });
}

SwitchSpec read_switch_spec(const std::string& path) {
    return parse_switch_spec(base::parse_json(base::read_file(path), path), path);
}

void validate_switch_spec(const SwitchSpec& spec) {
    if (!is_id(spec.id)) {
        fail(spec, fmt::format("'{}' is not a network id (1 to 32 of a-z, 0-9, '-')", spec.id));
    }
    const std::optional<Subnet> subnet = net::find_subnet(spec.subnet);
    if (!subnet) {
        fail(spec, fmt::format("'{}' is not a subnet such as 10.84.0.0/24", spec.subnet));
    }
    if (spec.mtu < 576 || spec.mtu > 9000) {
        fail(spec, fmt::format("an MTU of {} is not between 576 and 9000", spec.mtu));
    }
    check_names(spec);
    AddressCheck hosts(spec, *subnet);
    for (const SwitchHost& host : spec.hosts) {
        hosts.check(fmt::format("host '{}'", host.name), host.mac, host.ip);
    }
    AddressCheck ports(spec, *subnet);
    for (const SwitchPort& port : spec.ports) {
        ports.check(fmt::format("machine '{}'", port.machine_id), port.mac, port.ip);
    }
    check_agreement(spec);
}

std::string make_mac_address(std::string_view seed) {
    const std::string hex = base::digest_hex(base::DigestAlgorithm::sha256, seed);
    return fmt::format("52:54:00:{}:{}:{}", hex.substr(0, 2), hex.substr(2, 2), hex.substr(4, 2));
}

std::string make_subnet_address(std::string_view subnet_text, unsigned index) {
    const std::optional<Subnet> subnet = net::find_subnet(subnet_text);
    if (!subnet || !subnet->is_host(subnet->at(index))) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("subnet '{}' has no address number {}", subnet_text, index));
    }
    return net::to_string(subnet->at(index));
}

}  // namespace hvruntime
