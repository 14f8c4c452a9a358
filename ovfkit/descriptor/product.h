// SPDX-License-Identifier: Apache-2.0
// What the software in a virtual system is and which values it wants: ProductSection and its
// properties, with our extension attributes. DSP0243 1.1 clause 9.5.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ovfkit/descriptor/messages/message_ids.h"
#include "ovfkit/xml/place.h"

namespace ovfkit {

// A default that applies in one deployment configuration only.
struct ConfigurationValue {
    std::string configuration;
    std::string value;

    bool operator==(const ConfigurationValue&) const = default;
};

struct Property {
    Place place;
    std::string key;
    std::string type = "string";
    std::string value;       // the default
    bool has_value = false;  // an empty default differs from none
    std::vector<ConfigurationValue> values;
    std::string qualifiers;  // "MinLen(4) MaxLen(16)", "ValueMap{…}"
    bool password = false;
    bool user_configurable = false;
    bool required = false;  // muster:required: deploying without a value is an error
    std::string category;
    std::string label;
    std::string description;
    // muster:value: filled in at deployment, such as "${db.ip.back}"; see value_template.h.
    std::string value_template;
    // muster:generate: that many random characters when nobody gives a value; 0: no.
    std::uint32_t generate_length = 0;
    std::string vendor_qualifiers;  // vmw:qualifiers
    MessageIds message_ids;

    bool operator==(const Property&) const = default;
};

// A picture of the product, a file of the package. DSP0243 9.5.
struct Icon {
    Place place;
    std::string file_ref;
    std::string mime_type;
    std::optional<std::uint32_t> width;
    std::optional<std::uint32_t> height;

    bool operator==(const Icon&) const = default;
};

struct ProductSection {
    Place place;
    std::string class_name;
    std::string instance;
    std::string info;
    std::string product;
    std::string vendor;
    std::string version;
    std::string full_version;
    std::string product_url;
    std::string vendor_url;
    std::string app_url;
    std::vector<Property> properties;
    std::vector<Icon> icons;
    MessageIds message_ids;

    bool operator==(const ProductSection&) const = default;
};

// DSP0243 9.5.1: the key in the guest's environment, [class.]key[.instance].
std::string environment_key(const ProductSection& section, const Property& property);

}  // namespace ovfkit
