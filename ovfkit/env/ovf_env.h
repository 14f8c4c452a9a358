// SPDX-License-Identifier: Apache-2.0
// The OVF environment: what a guest reads on its CD-ROM (ovf-env.xml, DSP8027 1.x, DSP0243 clause
// 11). The machine's own properties stand in the first PropertySection, which is the only one
// that cloud-init reads; its siblings follow as Entity elements. Small on purpose: the guest
// program links it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ovfkit {

struct EnvProperty {
    std::string key;
    std::string value;

    bool operator==(const EnvProperty&) const = default;
};

struct EnvPlatform {
    std::string kind;  // "QEMU"
    std::string version;
    std::string vendor;
    std::string locale;

    bool operator==(const EnvPlatform&) const = default;
};

struct EnvEntity {
    std::string id;
    std::vector<EnvProperty> properties;

    bool operator==(const EnvEntity&) const = default;
};

struct OvfEnvironment {
    std::string id;  // of the virtual system
    EnvPlatform platform;
    std::vector<EnvProperty> properties;
    std::vector<EnvEntity> siblings;

    bool operator==(const OvfEnvironment&) const = default;
};

// Throws invalid_input, naming the property, when a value cannot be carried by XML.
std::string write_ovf_env(const OvfEnvironment& environment);

// Lenient by local name; any order. Throws invalid_input with line and column. `name` is what
// messages call the text.
OvfEnvironment read_ovf_env(std::string_view text, const std::string& name);

// The value of one of the machine's own properties.
std::optional<std::string> find_value(const OvfEnvironment& environment, std::string_view key);

}  // namespace ovfkit
