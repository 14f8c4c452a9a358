// SPDX-License-Identifier: Apache-2.0
#include "assembler/schema/image_schema.h"

#include "base/file.h"
#include "base/json.h"
#include "imagebuilder/config/image_config.h"
#include "imagebuilder/recipe.h"

namespace assembler {

namespace {

namespace fs = std::filesystem;

std::optional<ovfkit::ConfigSchema> schema_if_any(ovfkit::ConfigSchema schema) {
    return schema.empty() ? std::nullopt : std::optional(std::move(schema));
}

}  // namespace

std::optional<ovfkit::ConfigSchema> read_image_schema(const fs::path& location) {
    if (!fs::exists(location)) {
        return std::nullopt;
    }
    if (fs::is_directory(location) || location.extension() == ".yaml") {
        return schema_if_any(
            imagebuilder::image_config(imagebuilder::load_recipe(location)).schema);
    }
    const fs::path record = fs::path(location).replace_extension(".build.json");
    if (!fs::exists(record)) {
        return std::nullopt;
    }
    const base::Json json = base::parse_json(base::read_file(record), record.string());
    if (!json.is_object() || !json.contains("config")) {
        return std::nullopt;
    }
    return schema_if_any(
        ovfkit::parse_config_schema(base::to_json_text(json["config"]), record.string()));
}

}  // namespace assembler
