// SPDX-License-Identifier: Apache-2.0
// Layers in cache_dir()/layers: what a step made of the tree before it, named by the step's key.
// KEY.json says what KEY.tar.zst (new and changed entries) and KEY.removed hold, and is written
// last: a layer without it is none. The bootstrap's layer is the whole tree.
//
// The same key can be made twice, and two runs may differ in what inputs do not decide (random
// bytes). So each layer has an id of its own and names the id of the layer that it was made on:
// only such a chain gives the tree that the steps saw.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "imagebuilder/input_key.h"
#include "imagebuilder/plan/planned_step.h"

namespace imagebuilder {

struct LayerRecord {
    std::string key;
    std::string id;
    std::string below_key;  // empty: a whole tree
    std::string below_id;
    std::string step;          // "run: nginx -t"
    std::string recipe;        // "nginx"
    std::int64_t made = 0;     // seconds since 1970
    double seconds = 0;        // that the step took
    std::uint64_t bytes = 0;   // of the layer's files, without the record
    std::uint64_t stored = 0;  // entries of a difference
    std::uint64_t removed = 0;
    std::vector<NamedInput> inputs;
};

std::filesystem::path layers_dir();
std::filesystem::path layer_tar_path(const std::string& key);
std::filesystem::path layer_removed_path(const std::string& key);
std::filesystem::path layer_record_path(const std::string& key);
std::filesystem::path layer_lock_path(const std::string& key);  // held while it is made or read

// nullopt: there is none, or not a whole one.
std::optional<LayerRecord> find_layer(const std::string& key);
void write_layer_record(const LayerRecord& record);
// It was used now.
void touch_layer(const std::string& key);
// The record first, so that nothing half removed is taken for a layer.
void remove_layer(const std::string& key);

// The layers of the first steps, as far as they are there and were made on one another.
std::vector<LayerRecord> usable_layers(const std::vector<PlannedStep>& steps);

// Named inputs in records: {"text": "3f…", …}; an input that occurs twice counts once, with all.
base::Json inputs_to_json(const std::vector<NamedInput>& inputs);
std::vector<NamedInput> inputs_of_json(const base::Json& json);

}  // namespace imagebuilder
