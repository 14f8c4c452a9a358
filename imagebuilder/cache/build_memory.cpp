// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/cache/build_memory.h"

#include <chrono>

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/file.h"
#include "imagebuilder/cache/layer_store.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

fs::path memory_path(const Recipe& recipe) {
    const std::string id = base::digest_hex(
        base::DigestAlgorithm::sha256, fmt::format("{}\n{}", recipe.file.string(), recipe.name));
    return memories_dir() / (id.substr(0, 32) + ".json");
}

}  // namespace

fs::path memories_dir() {
    const fs::path folder = base::cache_dir() / "recipes";
    base::make_dirs(folder, 0755);
    return folder;
}

std::optional<BuildMemory> find_memory(const Recipe& recipe) {
    return read_memory(memory_path(recipe));
}

std::optional<BuildMemory> read_memory(const fs::path& file) {
    try {
        const base::Json json = base::parse_json(base::read_file(file), file.string());
        BuildMemory memory;
        memory.recipe_file = base::require_string(json, "recipe_file");
        memory.recipe = base::require_string(json, "recipe");
        memory.when = json.at("when").get<std::int64_t>();
        memory.image_inputs = inputs_of_json(json.at("image"));
        for (const base::Json& step : json.at("steps")) {
            memory.steps.push_back(
                {base::require_string(step, "name"), base::require_string(step, "recipe"),
                 base::require_string(step, "key"), inputs_of_json(step.at("inputs"))});
        }
        return memory;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

void remember_build(const Recipe& recipe, const std::vector<PlannedStep>& steps,
                    const std::vector<NamedInput>& image_inputs) {
    base::Json json;
    json["muster"] = "build";
    json["recipe_file"] = recipe.file.string();
    json["recipe"] = recipe.name;
    json["when"] = std::chrono::duration_cast<std::chrono::seconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
    json["image"] = inputs_to_json(image_inputs);
    json["steps"] = base::Json::array();
    for (const PlannedStep& step : steps) {
        json["steps"].push_back({{"name", step.name},
                                 {"recipe", step.recipe->name},
                                 {"key", step.key},
                                 {"inputs", inputs_to_json(step.inputs)}});
    }
    base::AtomicFile file(memory_path(recipe));
    base::write_all(file.fd(), base::to_json_text(json, 1) + "\n", "the record of the build");
    file.commit_unsynced();
}

}  // namespace imagebuilder
