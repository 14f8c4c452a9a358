// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/images/image_record.h"

#include <fmt/format.h>

#include "base/error.h"

namespace hvruntime {

namespace {

using base::Error;
using base::ErrorKind;

std::string file_name(const base::Json& json, std::string_view key, bool required) {
    std::string name = base::require_string(json, key);
    if ((required && name.empty()) || name.find('/') != std::string::npos || name == "." ||
        name == "..") {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("'{}' has '{}', which is not a file name", key, name));
    }
    return name;
}

template <typename Number>
Number require_number(const base::Json& json, std::string_view key) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_number_integer()) {
        throw Error(ErrorKind::invalid_input, fmt::format("'{}' is not a number", key));
    }
    return found->get<Number>();
}

}  // namespace

base::Json to_json(const ImageRecord& record) {
    return base::Json{{"id", record.id},
                      {"name", record.name},
                      {"origin", record.origin},
                      {"format", "raw"},
                      {"disk", record.disk},
                      {"kernel", record.kernel},
                      {"initrd", record.initrd},
                      {"cmdline", record.cmdline},
                      {"capacity_bytes", record.capacity_bytes},
                      {"source_sha256", record.source_sha256},
                      {"created_at_ms", record.created_at_ms}};
}

ImageRecord parse_image_record(const base::Json& json) {
    return base::in_context("image record", [&] {
        if (const std::string format = base::require_string(json, "format"); format != "raw") {
            throw Error(ErrorKind::invalid_input,
                        fmt::format("the format is '{}', but images are raw", format));
        }
        return ImageRecord{.id = base::require_string(json, "id"),
                           .name = base::require_string(json, "name"),
                           .origin = base::require_string(json, "origin"),
                           .disk = file_name(json, "disk", true),
                           .kernel = file_name(json, "kernel", false),
                           .initrd = file_name(json, "initrd", false),
                           .cmdline = base::require_string(json, "cmdline"),
                           .capacity_bytes = require_number<std::uint64_t>(json, "capacity_bytes"),
                           .source_sha256 = base::require_string(json, "source_sha256"),
                           .created_at_ms = require_number<std::int64_t>(json, "created_at_ms")};
    });
}

}  // namespace hvruntime
