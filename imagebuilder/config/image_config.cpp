// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/config/image_config.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "ovfkit/env/config/config_template.h"
#include "ovfkit/env/config/config_value.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;
using ovfkit::ConfigKey;
using ovfkit::ConfigSchema;
using ovfkit::ConfigType;

constexpr std::uint64_t kMostTemplateBytes = 1U << 20U;

[[noreturn]] void fail_at(const std::string& where, const std::string& message,
                          std::string hint = "") {
    throw Error(ErrorKind::invalid_input, fmt::format("{}: {}", where, message), std::move(hint));
}

std::vector<std::string> names_of(const ConfigSchema& schema) {
    std::vector<std::string> names;
    for (const ConfigKey& key : schema.keys) {
        names.push_back(key.name);
    }
    return names;
}

const ConfigKey& require_key(const ConfigSchema& schema, const std::string& name,
                             const std::string& where) {
    const ConfigKey* key = schema.find_key(name);
    if (key == nullptr) {
        const auto similar = base::find_similar(name, names_of(schema));
        fail_at(where,
                fmt::format("there is no key '{}'{}", name,
                            similar ? fmt::format(", did you mean '{}'?", *similar) : ""),
                "declare it under 'config'");
    }
    return *key;
}

// The template's file, never outside the recipe's folder even through links.
std::string read_template(const fs::path& folder, const DeclaredFile& declared) {
    const fs::path path = folder / declared.from;
    if (!fs::is_regular_file(path)) {
        throw Error(ErrorKind::not_found,
                    fmt::format("{}: there is no file '{}'", declared.where, path.string()));
    }
    const fs::path real = fs::canonical(path);
    const fs::path top = fs::canonical(folder);
    if (std::mismatch(top.begin(), top.end(), real.begin(), real.end()).first != top.end()) {
        fail_at(declared.where,
                fmt::format("'{}' leads out of the recipe's folder", path.string()));
    }
    return base::read_file(path, kMostTemplateBytes);
}

class ConfigMerger {
  public:
    ImageConfig run(const Recipe& recipe) {
        add(recipe);
        for (const DeclaredKey& declared : declared_) {
            config_.schema.keys.push_back(declared.key);
        }
        for (const DeclaredKey& declared : declared_) {
            fill_output(declared);
            if (const auto fault = ovfkit::find_key_fault(declared.key)) {
                fail_at(declared.where, fmt::format("key '{}': {}", declared.key.name, *fault));
            }
        }
        check_inputs();
        check_outputs();
        for (const ImageFile& file : config_.files) {
            check_image_template(config_.schema, file.file.text, file.where);
        }
        for (const DeclaredInput& one : inputs_) {
            config_.schema.inputs.push_back(one.input);
        }
        for (const DeclaredOutput& one : outputs_) {
            config_.schema.outputs.push_back(one.output);
        }
        return std::move(config_);
    }

  private:
    void add(const Recipe& recipe) {
        if (recipe.parent) {
            add(*recipe.parent);
        }
        const RecipeConfig& own = recipe.config;
        for (const DeclaredKey& key : own.keys) {
            add_key(key);
        }
        for (const DeclaredInput& input : own.inputs) {
            replace(inputs_, input, [](const auto& one) { return one.input.name; });
        }
        for (const DeclaredOutput& output : own.outputs) {
            replace(outputs_, output, [](const auto& one) { return one.output.name; });
        }
        std::vector<std::string> paths;
        for (const DeclaredFile& file : own.files) {
            if (std::find(paths.begin(), paths.end(), file.file.path) != paths.end()) {
                fail_at(file.where, fmt::format("'{}' has two templates", file.file.path));
            }
            paths.push_back(file.file.path);
            ImageFile image{file.file, file.in_image, file.keep_default, file.where};
            if (!file.from.empty()) {
                image.file.text = read_template(recipe.folder, file);
            }
            replace(config_.files, image, [](const auto& one) { return one.file.path; });
        }
    }

    template <typename Item, typename NameOf>
    static void replace(std::vector<Item>& items, const Item& item, NameOf&& name_of) {
        const auto found = std::find_if(items.begin(), items.end(), [&](const Item& one) {
            return name_of(one) == name_of(item);
        });
        if (found == items.end()) {
            items.push_back(item);
        } else {
            *found = item;
        }
    }

    void add_key(const DeclaredKey& added) {
        const auto found =
            std::find_if(declared_.begin(), declared_.end(),
                         [&](const DeclaredKey& one) { return one.key.name == added.key.name; });
        if (found == declared_.end()) {
            declared_.push_back(added);
            return;
        }
        refine(*found, added);
    }

    static void refine(DeclaredKey& base, const DeclaredKey& more) {
        const auto written = [&](const char* member) { return more.members.contains(member); };
        for (const std::string& member : more.members) {
            constexpr std::array kRefined{"default", "required",    "editable",
                                          "label",   "description", "type"};
            const bool may = std::find(kRefined.begin(), kRefined.end(), member) != kRefined.end();
            if (!may || (member == "type" && more.key.type != base.key.type)) {
                fail_at(more.where,
                        fmt::format("key '{}' is declared at {} already, with another {}",
                                    more.key.name, base.where, member),
                        "a recipe on top may refine default, required, editable, label and "
                        "description");
            }
        }
        base.where = more.where;
        if (written("default")) {
            base.key.default_value = more.key.default_value;
        }
        if (written("required")) {
            base.key.required = more.key.required;
        }
        if (written("editable")) {
            base.key.editable = more.key.editable;
        }
        if (written("label")) {
            base.key.label = more.key.label;
        }
        if (written("description")) {
            base.key.description = more.key.description;
        }
    }

    // `from: output db` makes the key the host or the port of that output.
    void fill_output(const DeclaredKey& declared) {
        if (declared.output.empty()) {
            return;
        }
        const auto found = std::find_if(
            outputs_.begin(), outputs_.end(),
            [&](const DeclaredOutput& one) { return one.output.name == declared.output; });
        if (found == outputs_.end()) {
            fail_at(declared.where,
                    fmt::format("key '{}' is from output '{}', which nobody "
                                "declares",
                                declared.key.name, declared.output),
                    "declare it under 'endpoints: { outputs: … }'");
        }
        const bool is_port = declared.key.type == ConfigType::port;
        std::string& place = is_port ? found->output.port_key : found->output.host_key;
        if (place.empty()) {
            place = declared.key.name;
        } else if (place != declared.key.name) {
            fail_at(declared.where,
                    fmt::format("key '{}' is from output '{}', whose {} is '{}'", declared.key.name,
                                declared.output, is_port ? "port" : "host", place));
        }
    }

    // A number, or the place of a key.
    void check_inputs() const {
        for (const DeclaredInput& declared : inputs_) {
            const auto parts = base::in_context(
                declared.where, [&] { return ovfkit::parse_config_template(declared.input.port); });
            const bool is_key = parts.size() == 1 && !parts[0].key.empty();
            const ConfigKey as_port{.name = "port", .type = ConfigType::port};
            if (is_key) {
                const ConfigKey& key = require_key(config_.schema, parts[0].key, declared.where);
                if (key.type == ConfigType::port && parts[0].filter == ovfkit::ConfigFilter::none) {
                    continue;
                }
            } else if (!ovfkit::find_config_fault(as_port, declared.input.port)) {
                continue;
            }
            fail_at(declared.where, fmt::format("'{}' is no port", declared.input.port),
                    "write a number, or \"${KEY}\" with a key of type port");
        }
    }

    void check_outputs() const {
        for (const DeclaredOutput& declared : outputs_) {
            const auto check = [&](const std::string& name,
                                   std::initializer_list<ConfigType> types) {
                if (name.empty()) {
                    return;
                }
                const ConfigKey& key = require_key(config_.schema, name, declared.where);
                if (std::find(types.begin(), types.end(), key.type) == types.end()) {
                    fail_at(declared.where, fmt::format("key '{}' of type {} cannot hold it", name,
                                                        to_string(key.type)));
                }
            };
            check(declared.output.host_key,
                  {ConfigType::host, ConfigType::hosts, ConfigType::ip, ConfigType::string});
            check(declared.output.port_key,
                  {ConfigType::port, ConfigType::integer, ConfigType::string});
        }
    }

    ImageConfig config_;
    std::vector<DeclaredKey> declared_;
    std::vector<DeclaredInput> inputs_;
    std::vector<DeclaredOutput> outputs_;
};

}  // namespace

ImageConfig image_config(const Recipe& recipe) {
    ImageConfig config = ConfigMerger().run(recipe);
    if (!wants_guest(recipe) && (!config.schema.keys.empty() || !config.files.empty())) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("recipe '{}' has a configuration and no muster-guest to apply it",
                                recipe.name),
                    "leave out 'guest: false'");
    }
    return config;
}

void check_image_template(const ConfigSchema& schema, std::string_view text,
                          const std::string& where) {
    const auto parts = base::in_context(where, [&] { return ovfkit::parse_config_template(text); });
    for (const std::string& key : keys_of(parts)) {
        require_key(schema, key, where);
    }
}

}  // namespace imagebuilder
