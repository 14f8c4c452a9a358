// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/config/install_config.h"

#include <charconv>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "ovfkit/env/config/config_template.h"

namespace imagebuilder {

namespace {

using ovfkit::ConfigFile;
using ovfkit::ConfigSchema;

constexpr std::size_t kMostOwnBytes = 1U << 20U;

// Read by the tree's own programs: a link in it must not lead out of it. Exit 7: no such file.
constexpr const char* kReadOwn = R"script(
[ -f "$1" ] || exit 7
stat -L -c '%U:%G %a' "$1"
head -c 1048577 "$1"
)script";

// Those of the units that systemd does not know, one a line.
constexpr const char* kUnknownUnits = R"script(
command -v systemctl >/dev/null || exit 0
for unit in "$@"; do
    [ -n "$(systemctl is-enabled -- "$unit" 2>/dev/null)" ] || [ -e "/etc/init.d/${unit%.service}" ] ||
        echo "$unit"
done
)script";

void take_own_file(const StepContext& context, const ImageFile& image, ConfigFile& file) {
    std::string text;
    try {
        text = run_script(context, kReadOwn, {file.path}, "read " + file.path);
    } catch (const base::Error&) {
        throw base::Error(base::ErrorKind::not_found,
                          fmt::format("{}: the image has no file '{}'", image.where, file.path),
                          "a step has to make it, or give its text by 'from' or 'content'");
    }
    const std::size_t end = text.find('\n');
    std::istringstream head(text.substr(0, end));
    std::string mode;
    head >> file.owner >> mode;
    std::from_chars(mode.data(), mode.data() + mode.size(), file.permissions, 8);
    file.text = text.substr(end + 1);
    if (file.text.size() > kMostOwnBytes) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("{}: '{}' is over 1 MiB", image.where, file.path));
    }
}

void check_units(const StepContext& context, const ConfigSchema& schema) {
    std::set<std::string> units;
    const auto add = [&](const auto& source) {
        units.insert(source.restart.begin(), source.restart.end());
        units.insert(source.reload.begin(), source.reload.end());
    };
    for (const ovfkit::ConfigKey& key : schema.keys) {
        add(key);
    }
    for (const ConfigFile& file : schema.files) {
        add(file);
    }
    if (units.empty()) {
        return;
    }
    std::istringstream lines(
        run_script(context, kUnknownUnits, {units.begin(), units.end()}, "look for units"));
    std::vector<std::string> unknown;
    for (std::string line; std::getline(lines, line);) {
        unknown.push_back(line);
    }
    if (!unknown.empty()) {
        throw base::Error(base::ErrorKind::not_found,
                          fmt::format("the image has no unit '{}'", fmt::join(unknown, "', '")),
                          "'restart' and 'reload' of config and templates name units of the image");
    }
}

}  // namespace

ConfigSchema install_config(const StepContext& context, const std::string& name,
                            const ImageConfig& config) {
    ConfigSchema schema = config.schema;
    if (config.empty()) {
        return schema;
    }
    for (const ImageFile& image : config.files) {
        ConfigFile file = image.file;
        if (image.in_image) {
            take_own_file(context, image, file);
            check_image_template(schema, file.text, image.where + ": " + file.path);
        }
        const auto text = ovfkit::expand_config_template(
            ovfkit::parse_config_template(file.text),
            [&](const std::string& key) { return schema.find_key(key)->default_value; });
        if (text && !image.keep_default) {
            write_in_tree(context, {file.path, *text, file.permissions, file.owner});
        }
        schema.files.push_back(std::move(file));
    }
    check_units(context, schema);
    write_in_tree(context,
                  {fmt::format("/etc/muster/config.d/{}.json", name), to_json_text(schema), 0600});
    return schema;
}

}  // namespace imagebuilder
