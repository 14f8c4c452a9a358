// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/cache/layer_store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

base::Json layer_to_json(const LayerRecord& record) {
    return {{"muster", "layer"},
            {"key", record.key},
            {"id", record.id},
            {"below_key", record.below_key},
            {"below_id", record.below_id},
            {"step", record.step},
            {"recipe", record.recipe},
            {"made", record.made},
            {"seconds", record.seconds},
            {"bytes", record.bytes},
            {"stored", record.stored},
            {"removed", record.removed},
            {"inputs", inputs_to_json(record.inputs)}};
}

LayerRecord layer_of_json(const base::Json& json) {
    LayerRecord record;
    record.key = base::require_string(json, "key");
    record.id = base::require_string(json, "id");
    record.below_key = base::require_string(json, "below_key");
    record.below_id = base::require_string(json, "below_id");
    record.step = base::require_string(json, "step");
    record.recipe = base::require_string(json, "recipe");
    record.made = json.at("made").get<std::int64_t>();
    record.seconds = json.at("seconds").get<double>();
    record.bytes = json.at("bytes").get<std::uint64_t>();
    record.stored = json.at("stored").get<std::uint64_t>();
    record.removed = json.at("removed").get<std::uint64_t>();
    record.inputs = inputs_of_json(json.at("inputs"));
    return record;
}

bool files_are_there(const LayerRecord& record) {
    std::uint64_t bytes = 0;
    for (const fs::path& path : {layer_tar_path(record.key), layer_removed_path(record.key)}) {
        bytes += fs::exists(path) ? base::file_size(path) : 0;
    }
    return bytes == record.bytes;
}

}  // namespace

base::Json inputs_to_json(const std::vector<NamedInput>& inputs) {
    base::Json json = base::Json::object();
    for (const NamedInput& input : inputs) {
        json[input.name] = base::string_or(json, input.name, "") + input.digest;
    }
    return json;
}

std::vector<NamedInput> inputs_of_json(const base::Json& json) {
    std::vector<NamedInput> inputs;
    for (const auto& [name, digest] : json.items()) {
        inputs.push_back({name, digest.get<std::string>()});
    }
    return inputs;
}

fs::path layers_dir() {
    const fs::path folder = base::cache_dir() / "layers";
    base::make_dirs(folder, 0755);
    return folder;
}

fs::path layer_tar_path(const std::string& key) {
    return layers_dir() / (key + ".tar.zst");
}

fs::path layer_removed_path(const std::string& key) {
    return layers_dir() / (key + ".removed");
}

fs::path layer_record_path(const std::string& key) {
    return layers_dir() / (key + ".json");
}

fs::path layer_lock_path(const std::string& key) {
    return layers_dir() / (key + ".lock");
}

std::optional<LayerRecord> find_layer(const std::string& key) {
    const fs::path path = layer_record_path(key);
    if (!fs::exists(path)) {
        return std::nullopt;
    }
    try {
        LayerRecord record = layer_of_json(base::parse_json(base::read_file(path), path.string()));
        return record.key == key && files_are_there(record) ? std::optional(std::move(record))
                                                            : std::nullopt;
    } catch (const std::exception&) {
        return std::nullopt;  // damaged, or of another version: as if it were not there
    }
}

void write_layer_record(const LayerRecord& record) {
    base::write_file(layer_record_path(record.key),
                     base::to_json_text(layer_to_json(record), 1) + "\n");
}

void touch_layer(const std::string& key) {
    ::utimensat(AT_FDCWD, layer_record_path(key).c_str(), nullptr, 0);
}

void remove_layer(const std::string& key) {
    base::remove_all(layer_record_path(key));
    base::remove_all(layer_tar_path(key));
    base::remove_all(layer_removed_path(key));
}

std::vector<LayerRecord> usable_layers(const std::vector<PlannedStep>& steps) {
    std::vector<LayerRecord> layers;
    for (const PlannedStep& step : steps) {
        const std::optional<LayerRecord> layer = find_layer(step.key);
        if (!layer || layer->below_id != (layers.empty() ? "" : layers.back().id)) {
            break;
        }
        layers.push_back(*layer);
    }
    return layers;
}

}  // namespace imagebuilder
