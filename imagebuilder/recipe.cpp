// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/recipe.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/file.h"
#include "base/letter_case.h"
#include "imagebuilder/install/installer.h"
#include "imagebuilder/recipe_actions.h"
#include "imagebuilder/source/recipe_source.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;
using base::YamlKeys;
using base::YamlNode;

constexpr int kMaxParents = 8;
constexpr std::uint64_t kSmallestDisk = 256 * base::kMiB;
constexpr std::uint64_t kLargestDisk = 2048 * base::kGiB;

// A key that recipes of others have and that we do not honour: better an error than silence.
void refuse(YamlKeys& keys, std::string_view key, std::string_view hint) {
    if (const auto node = keys.find(key)) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("{}: the key '{}' is not supported", node->where(), key),
                    std::string(hint));
    }
}

DebianSource parse_debian_source(YamlKeys& keys) {
    DebianSource source;
    const YamlNode bootstrap = keys.require("bootstrap");
    if (bootstrap.as_string() != "debian") {
        throw Error(ErrorKind::unsupported,
                    fmt::format("{}: bootstrap '{}' is not supported", bootstrap.where(),
                                bootstrap.as_string()),
                    "write 'bootstrap: debian'");
    }
    source.release = parse_release(keys.require("release"));
    if (const auto paths = keys.find("exclude_paths")) {
        source.exclude_paths = texts_of(*paths);
    }
    if (const auto paths = keys.find("include_paths")) {
        source.include_paths = texts_of(*paths);
    }
    return source;
}

void parse_source(const YamlNode& node, Recipe& recipe) {
    YamlKeys keys(node, "source");
    refuse(keys, "snapshot", "packages come from the apt sources of this host");
    recipe.base = find_base_source(keys);
    if (!recipe.base) {
        recipe.source = parse_debian_source(keys);
    } else {
        recipe.source = DebianSource();
        if (const auto release = keys.find("release")) {
            recipe.source->release = parse_release(*release);
        }
    }
    keys.finish();
}

void parse_boot(const YamlNode& node, DiskLayout& disk) {
    const std::vector<std::string> ways = texts_of(node);
    disk.bios = disk.uefi = false;
    for (const std::string& way : ways) {
        if (way != "bios" && way != "uefi") {
            node.fail(fmt::format("'{}' is not a way to boot", way),
                      "write 'boot: [bios, uefi]' or one of them");
        }
        (way == "bios" ? disk.bios : disk.uefi) = true;
    }
    if (ways.empty()) {
        node.fail("a disk boots in one way at least", "write 'boot: [bios, uefi]' or one of them");
    }
}

void check_filesystem(const YamlNode& node, const std::string& name) {
    if (name != "ext4" && name != "xfs" && name != "btrfs") {
        node.fail(fmt::format("'{}' is not a file system that images have", name),
                  "write 'ext4', 'xfs' or 'btrfs'");
    }
}

DiskLayout parse_disk(const YamlNode& node) {
    YamlKeys keys(node, "disk");
    DiskLayout disk;
    if (const auto size = keys.find("size")) {
        disk.size_bytes = base::in_context(
            size->where(), [&] { return base::parse_byte_size(size->as_string()); });
        if (disk.size_bytes < kSmallestDisk || disk.size_bytes > kLargestDisk) {
            size->fail(fmt::format("the disk's size must be between {} and {}",
                                   base::format_byte_size(kSmallestDisk),
                                   base::format_byte_size(kLargestDisk)));
        }
        disk.size_bytes = disk.size_bytes / base::kMiB * base::kMiB;
    }
    if (const auto grow = keys.find("grow")) {
        disk.grow = disk.must_grow = grow->as_bool();
    }
    if (const auto boot = keys.find("boot")) {
        parse_boot(*boot, disk);
    }
    if (const auto filesystem = keys.find("filesystem")) {
        disk.root.filesystem = filesystem->as_string();
        check_filesystem(*filesystem, disk.root.filesystem);
    }
    if (const auto lvm = keys.find("lvm")) {
        disk.root.lvm = lvm->as_bool();
    }
    if (disk.must_grow && !disk.root.is_plain()) {
        node.fail("only ext4 in a partition of its own follows a larger disk",
                  "leave 'grow' out, or 'filesystem' and 'lvm'");
    }
    keys.finish();
    return disk;
}

void check_arch(const YamlNode& node) {
    for (const std::string& arch : texts_of(node)) {
        if (arch != "amd64") {
            throw Error(
                ErrorKind::unsupported,
                fmt::format("{}: the architecture '{}' is not supported", node.where(), arch),
                "write 'arch: amd64'");
        }
    }
}

bool parse_seal(const YamlNode& node) {
    const std::string seal = node.as_string();
    if (seal != "template" && seal != "none") {
        node.fail(fmt::format("'{}' is not a way to seal", seal), "write 'template' or 'none'");
    }
    return seal == "template";
}

void check_hostname(const YamlNode& node, const std::string& name) {
    if (name.empty() || name.size() > 63 || name.front() == '-' || name.back() == '-' ||
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos) {
        node.fail(fmt::format("'{}' is not a host name", name),
                  "small letters, digits and inner hyphens, at most 63");
    }
}

void check_name(const YamlNode& node, const std::string& name) {
    if (name.empty() || name.size() > 64 || name.front() == '.' || name.front() == '-' ||
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") != std::string::npos) {
        node.fail(fmt::format("'{}' is not a recipe name", name),
                  "small letters, digits, '-', '_' and '.', at most 64");
    }
}

// What the recipe's file is called, or its folder: "Web Shop/recipe.yaml" -> "web-shop".
std::string default_name(const fs::path& file) {
    const fs::path path = fs::absolute(file).lexically_normal();
    const std::string called =
        path.stem() == "recipe" ? path.parent_path().filename().string() : path.stem().string();
    std::string name;
    for (const char c : base::to_lower(called)) {
        const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                          (!name.empty() && (c == '-' || c == '_' || c == '.'));
        if (fits) {
            name += c;
        } else if (!name.empty() && name.back() != '-') {
            name += '-';
        }
    }
    name = name.substr(0, 64);
    while (name.ends_with('-')) {
        name.pop_back();
    }
    return name.empty() ? "image" : name;
}

void parse_identity(YamlKeys& keys, const std::string& file, Recipe& recipe) {
    if (const auto name = keys.find("name")) {
        recipe.name = name->as_string();
        check_name(*name, recipe.name);
    } else {
        recipe.name = default_name(file);
    }
    if (const auto version = keys.find("version")) {
        recipe.version = version->as_string();
    }
    if (const auto description = keys.find("description")) {
        recipe.description = description->as_string();
    }
    if (const auto arch = keys.find("arch")) {
        check_arch(*arch);
    }
}

void parse_settings(YamlKeys& keys, Recipe& recipe) {
    if (const auto hostname = keys.find("hostname")) {
        recipe.hostname = hostname->as_string();
        check_hostname(*hostname, *recipe.hostname);
    }
    if (const auto firstboot = keys.find("firstboot")) {
        recipe.firstboot = texts_of(*firstboot);
    }
    if (const auto arguments = keys.find("kernel_arguments")) {
        recipe.kernel_arguments = texts_of(*arguments);
    }
    if (const auto disk = keys.find("disk")) {
        recipe.disk = parse_disk(*disk);
    }
    if (const auto guest = keys.find("guest")) {
        recipe.guest = guest->as_bool();
    }
    if (const auto seal = keys.find("seal")) {
        recipe.seal = parse_seal(*seal);
    }
}

void parse_installation(YamlKeys& keys, Recipe& recipe) {
    const auto install = keys.find("install");
    const bool is_iso = recipe.base && recipe.base->kind == BaseSource::Kind::iso;
    if (install && !is_iso) {
        install->fail("'install' is for a recipe that starts from a CD",
                      "write 'source: { iso: FILE }'");
    }
    if (install) {
        recipe.install = parse_install(*install);
    } else if (is_iso) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("recipe '{}' starts from a CD, but nothing says how it installs",
                                recipe.name),
                    "write 'install: { preseed: FILE }', with kickstart or autoinstall for others");
    }
}

void refuse_others(YamlKeys& keys) {
    refuse(keys, "output", "the output is a qcow2 disk; 'muster pack' makes other formats");
    refuse(keys, "variables", "recipes have no variables");
    refuse(keys, "timezone", "write /etc/localtime with a run step");
    refuse(keys, "runcmd", "write 'run' (at build time) or 'firstboot' (on the machine)");
}

fs::path recipe_file_at(const fs::path& location) {
    if (fs::is_directory(location)) {
        const fs::path file = location / "recipe.yaml";
        if (!fs::exists(file)) {
            throw Error(ErrorKind::not_found,
                        fmt::format("the folder '{}' has no recipe.yaml", location.string()));
        }
        return file;
    }
    if (!fs::exists(location)) {
        throw Error(ErrorKind::not_found, fmt::format("there is no recipe '{}'", location.string()),
                    "give a folder with recipe.yaml, or the file");
    }
    return location;
}

// `parent_name` gets what `from:` says, empty when the recipe has a source of its own.
Recipe parse_with_parent(std::string_view text, const std::string& name, std::string& parent_name) {
    const YamlNode root = base::parse_yaml(text, name);
    YamlKeys keys(root, "recipe");
    Recipe recipe;
    recipe.text = text;
    parse_identity(keys, name, recipe);
    const auto source = keys.find("source");
    const auto from = keys.find("from");
    if (source.has_value() == from.has_value()) {
        root.fail(
            "a recipe needs either 'source' or 'from'",
            "'source: { bootstrap: debian, release: bookworm }', 'source: { image: FILE }', or "
            "'from: ../other-recipe'");
    }
    if (source) {
        parse_source(*source, recipe);
    } else {
        parent_name = from->as_string();
        if (parent_name.empty()) {
            from->fail("'from' names no recipe");
        }
    }
    parse_installation(keys, recipe);
    recipe.steps = parse_actions(keys);
    recipe.config = parse_recipe_config(keys);
    parse_settings(keys, recipe);
    refuse_others(keys);
    keys.finish();
    return recipe;
}

Recipe load_chain(const fs::path& location, int depth) {
    if (depth > kMaxParents) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("recipe '{}' is built on more than {} others", location.string(),
                                kMaxParents),
                    "look for a loop of 'from:' keys");
    }
    const fs::path file = recipe_file_at(location);
    std::string parent_name;
    Recipe recipe =
        parse_with_parent(base::read_file(file, base::kMiB), file.string(), parent_name);
    recipe.file = fs::absolute(file).lexically_normal();
    recipe.folder = recipe.file.parent_path();
    if (!parent_name.empty()) {
        recipe.parent =
            std::make_shared<const Recipe>(base::in_context("recipe '" + recipe.name + "'", [&] {
                return load_chain((recipe.folder / parent_name).lexically_normal(), depth + 1);
            }));
    }
    return recipe;
}

}  // namespace

Recipe parse_recipe(std::string_view text, const std::string& name) {
    std::string parent_name;
    return parse_with_parent(text, name, parent_name);
}

Recipe load_recipe(const fs::path& location) {
    return load_chain(location, 0);
}

DiskLayout disk_of(const Recipe& recipe) {
    for (const Recipe* at = &recipe; at != nullptr; at = at->parent.get()) {
        if (at->disk) {
            return *at->disk;
        }
    }
    return {};
}

bool wants_guest(const Recipe& recipe) {
    for (const Recipe* at = &recipe; at != nullptr; at = at->parent.get()) {
        if (at->guest) {
            return *at->guest;
        }
    }
    return true;
}

bool wants_seal(const Recipe& recipe) {
    for (const Recipe* at = &recipe; at != nullptr; at = at->parent.get()) {
        if (at->seal) {
            return *at->seal;
        }
    }
    return true;
}

const DebianSource& source_of(const Recipe& recipe) {
    return *first_of(recipe).source;
}

const Recipe& first_of(const Recipe& recipe) {
    const Recipe* at = &recipe;
    while (!at->source) {
        if (!at->parent) {
            base::unreachable("a recipe without a source");
        }
        at = at->parent.get();
    }
    return *at;
}

bool has_steps(const Recipe& recipe) {
    return !recipe.steps.empty() || (recipe.parent && has_steps(*recipe.parent));
}

}  // namespace imagebuilder
