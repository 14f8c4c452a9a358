// SPDX-License-Identifier: Apache-2.0
// Any bytes are a schema of configuration or an Error. What is read can be written and reads back
// equal; its files expand with any values.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "ovfkit/env/config/config_schema.h"
#include "ovfkit/env/config/config_template.h"
#include "ovfkit/env/config/config_value.h"

namespace {

void look_at(const ovfkit::ConfigSchema& schema) {
    for (ovfkit::ConfigKey key : schema.keys) {
        key.pattern.clear();  // the C library's own business, and the image's author's
        find_key_fault(key);
        for (const std::string& value : key.values) {
            find_config_fault(key, value);
        }
    }
    for (const ovfkit::ConfigFile& file : schema.files) {
        const auto parts = ovfkit::parse_config_template(file.text);
        const auto text = ovfkit::expand_config_template(
            parts, [](const std::string& key) { return std::optional(key + ", x"); });
        const auto none = ovfkit::expand_config_template(
            parts, [](const std::string&) { return std::optional<std::string>(); });
        if (!text || none.has_value() != ovfkit::keys_of(parts).empty()) {
            std::abort();
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // SAFETY: unsigned char seen as char.
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        const ovfkit::ConfigSchema schema = ovfkit::parse_config_schema(text, "fuzz.json");
        if (ovfkit::parse_config_schema(to_json_text(schema), "again.json") != schema) {
            std::abort();
        }
        look_at(schema);
    } catch (const base::Error&) {  // refused
    }
    return 0;
}
