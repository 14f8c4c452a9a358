// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/rules/endpoint_rules.h"

#include <algorithm>

#include "base/letter_case.h"

namespace assembler::plugin {

namespace {

constexpr std::size_t kMaxEndpoints = 512;  // of one component
constexpr std::size_t kMaxPlaces = 256;     // of one value; more are not looked for

template <typename T>
void append_places(std::vector<T>& to, const std::vector<T>& from) {
    for (const T& place : from) {
        const bool there = std::any_of(to.begin(), to.end(), [&](const T& other) {
            return other.file == place.file && other.line == place.line &&
                   other.column == place.column;
        });
        if (!there && to.size() < kMaxPlaces) {
            to.push_back(place);
        }
    }
}

// "http", "http-2", …
template <typename Endpoint>
std::string unique_name(const std::vector<Endpoint>& others, const std::string& wanted) {
    std::string name = wanted;
    for (int number = 2; std::any_of(others.begin(), others.end(),
                                     [&](const Endpoint& other) { return other.name == name; });
         ++number) {
        name = wanted + "-" + std::to_string(number);
    }
    return name;
}

int width(std::string_view address) {
    return is_any_address(address) ? 2 : is_loopback(address) ? 0 : 1;
}

// Takes the input that is wider into `kept`.
void join_inputs(Input& kept, Input input) {
    append_places(kept.port_places, input.port_places);
    const auto add_other = [&](const std::string& address) {
        std::vector<std::string>& others = kept.other_addresses;
        if (address != kept.address && others.size() < kMaxPlaces &&
            std::find(others.begin(), others.end(), address) == others.end()) {
            others.push_back(address);
        }
    };
    if (width(input.address) > width(kept.address)) {
        std::swap(kept.address, input.address);
        kept.evidence = input.evidence;
    }
    add_other(input.address);
    for (const std::string& other : input.other_addresses) {
        add_other(other);
    }
}

}  // namespace

bool is_any_address(std::string_view address) {
    return address.empty() || address == "*" || address == "0.0.0.0" || address == "::" ||
           address == "[::]" || address == "::0" || address == "+" || address == "_default_";
}

bool is_loopback(std::string_view address) {
    return address.starts_with("127.") || address == "localhost" || address == "::1";
}

std::string plain_name(std::string_view text) {
    std::string name = base::to_lower(text.substr(0, 64));
    for (char& c : name) {
        const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
        c = good ? c : '-';
    }
    while (!name.empty() && (name.back() == '-' || name.back() == '.')) {
        name.pop_back();
    }
    name.erase(0, std::min(name.find_first_not_of("-."), name.size()));
    return name;
}

void add_input(Component& component, Input input) {
    for (Input& other : component.inputs) {
        const bool same = input.port == 0 ? other.port == 0 && other.address == input.address
                                          : other.port == input.port;
        // A port has one listener: what says less of the protocol gives way.
        const bool vague = other.protocol == "tcp" || input.protocol == "tcp";
        if (same && (other.protocol == input.protocol || vague)) {
            if (other.protocol == "tcp" && input.protocol != "tcp") {
                other.protocol = input.protocol;
            }
            join_inputs(other, std::move(input));
            return;
        }
    }
    if (component.inputs.size() < kMaxEndpoints) {
        input.name = unique_name(component.inputs, input.name);
        component.inputs.push_back(std::move(input));
    }
}

void add_output(Component& component, Output output, bool guessed_protocol) {
    for (Output& other : component.outputs) {
        const bool any_port = guessed_protocol && !output.port_written;
        const bool same = other.host == output.host && (any_port || other.port == output.port);
        const bool vague = guessed_protocol || other.protocol == "tcp" || output.protocol == "tcp";
        const bool fits = other.protocol == output.protocol || vague;
        const bool database =
            other.database == output.database || other.database.empty() || output.database.empty();
        if (same && fits && database) {
            if (other.protocol == "tcp" && !any_port) {
                other.protocol = output.protocol;
            }
            if (other.database.empty()) {
                other.database = output.database;
            }
            other.port_written = other.port_written || output.port_written;
            append_places(other.host_places, output.host_places);
            append_places(other.port_places, output.port_places);
            if (output.evidence.confidence > other.evidence.confidence) {
                other.evidence = output.evidence;
            }
            return;
        }
    }
    if (component.outputs.size() < kMaxEndpoints) {
        output.name = unique_name(component.outputs, output.name);
        component.outputs.push_back(std::move(output));
    }
}

}  // namespace assembler::plugin
