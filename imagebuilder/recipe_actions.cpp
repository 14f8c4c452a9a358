// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/recipe_actions.h"

#include <charconv>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace imagebuilder {

namespace {

using base::YamlKeys;
using base::YamlNode;

constexpr std::string_view kNameLetters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

WriteFile parse_write_file(const YamlNode& node) {
    YamlKeys keys(node, "file");
    WriteFile file;
    file.path = absolute_path_of(keys.require("path"));
    file.content = keys.require("content").as_string();
    if (const auto permissions = keys.find("permissions")) {
        file.permissions = permissions_of(*permissions);
    }
    if (const auto owner = keys.find("owner")) {
        file.owner = owner_of(*owner);
    }
    keys.finish();
    return file;
}

CopyFiles parse_copy(const YamlNode& node) {
    YamlKeys keys(node, "copy");
    CopyFiles copy;
    copy.from = path_beside_recipe(keys.require("from"));
    copy.to = absolute_path_of(keys.require("to"));
    if (const auto owner = keys.find("owner")) {
        copy.owner = owner_of(*owner);
    }
    if (const auto permissions = keys.find("permissions")) {
        copy.permissions = permissions_of(*permissions);
    }
    keys.finish();
    return copy;
}

InstallPackages parse_packages(const YamlNode& node) {
    InstallPackages packages{texts_of(node)};
    for (const std::string& name : packages.names) {
        // Debian Policy 5.6.1; an option of apt must not slip in as a name.
        if (name.empty() || name.front() == '-' ||
            name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+-.:=~") !=
                std::string::npos) {
            node.fail(fmt::format("'{}' is not a package name", name));
        }
    }
    return packages;
}

void parse_user_details(YamlKeys& keys, AddUser& user) {
    if (const auto groups = keys.find("groups")) {
        user.groups = texts_of(*groups);
        for (const std::string& group : user.groups) {
            if (group.empty() || group.front() == '-' ||
                group.find_first_not_of(kNameLetters) != std::string::npos) {
                groups->fail(fmt::format("'{}' is not a group name", group));
            }
        }
    }
    if (const auto lines = keys.find("ssh_authorized_keys")) {
        user.ssh_authorized_keys = texts_of(*lines);
    }
    if (const auto password = keys.find("password")) {
        user.password_hash = password->as_string();
        if (!user.password_hash.starts_with('$') ||
            user.password_hash.find_first_of(":\n") != std::string::npos) {
            password->fail("the password must be hashed",
                           "make the text with 'mkpasswd --method=sha-512'");
        }
    }
    if (const auto shell = keys.find("shell")) {
        user.shell = absolute_path_of(*shell);
    }
    if (const auto system = keys.find("system")) {
        user.system = system->as_bool();
    }
}

AddUser parse_user(const YamlNode& node) {
    YamlKeys keys(node, "user");
    AddUser user;
    const YamlNode name = keys.require("name");
    user.name = name.as_string();
    if (user.name.empty() || user.name.size() > 32 ||
        user.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") !=
            std::string::npos ||
        user.name.find_first_of("0123456789-") == 0) {
        name.fail(fmt::format("'{}' is not a user name", user.name));
    }
    parse_user_details(keys, user);
    keys.finish();
    return user;
}

UnitsChange parse_units(const YamlNode& node, UnitsChange::Verb verb) {
    UnitsChange change{verb, texts_of(node)};
    for (const std::string& unit : change.units) {
        if (unit.empty() || unit.front() == '-' ||
            unit.find_first_not_of(std::string(kNameLetters) + "@:\\") != std::string::npos) {
            node.fail(fmt::format("'{}' is not a unit name", unit));
        }
    }
    return change;
}

RunCommand parse_run(const YamlNode& node) {
    RunCommand run{node.as_string()};
    if (run.script.find_first_not_of(" \t\n") == std::string::npos) {
        node.fail("there is nothing to run");
    }
    return run;
}

// The items of a key whose value is one thing or a list of them.
template <typename Parse>
void take_each(YamlKeys& keys, std::string_view key, std::vector<Step>& steps, Parse&& parse) {
    const auto node = keys.find(key);
    if (!node) {
        return;
    }
    if (node->type() != YamlNode::Type::sequence) {
        steps.push_back({parse(*node), node->where()});
        return;
    }
    for (const YamlNode& item : node->as_sequence()) {
        steps.push_back({parse(item), item.where()});
    }
}

// The items of a key whose value is one action whatever its length.
template <typename Parse>
void take_one(YamlKeys& keys, std::string_view key, std::vector<Step>& steps, Parse&& parse) {
    if (const auto node = keys.find(key)) {
        steps.push_back({parse(*node), node->where()});
    }
}

void take_actions(YamlKeys& keys, std::vector<Step>& steps) {
    using Verb = UnitsChange::Verb;
    const auto units = [](Verb verb) {
        return [verb](const YamlNode& node) { return parse_units(node, verb); };
    };
    take_one(keys, "packages", steps, parse_packages);
    take_each(keys, "users", steps, parse_user);
    take_each(keys, "write_files", steps, parse_write_file);
    take_each(keys, "copy", steps, parse_copy);
    take_each(keys, "run", steps, parse_run);
    take_one(keys, "enable", steps, units(Verb::enable));
    take_one(keys, "disable", steps, units(Verb::disable));
    take_one(keys, "mask", steps, units(Verb::mask));
}

// One item of `steps`: a map with exactly one action.
void parse_step(const YamlNode& node, std::vector<Step>& steps) {
    YamlKeys keys(node, "step");
    if (node.as_map().size() != 1) {
        node.fail("a step has exactly one key", "for example '- run: nginx -t'");
    }
    take_one(keys, "user", steps, parse_user);
    take_one(keys, "write_file", steps, parse_write_file);
    take_actions(keys, steps);
    keys.finish();
}

struct Describer {
    std::string operator()(const InstallPackages& packages) const {
        return fmt::format("packages: {}", fmt::join(packages.names, " "));
    }
    std::string operator()(const AddUser& user) const { return "user: " + user.name; }
    std::string operator()(const WriteFile& file) const { return "write_file: " + file.path; }
    std::string operator()(const CopyFiles& copy) const {
        return fmt::format("copy: {} to {}", copy.from, copy.to);
    }
    std::string operator()(const RunCommand& run) const {
        const std::size_t begin = run.script.find_first_not_of(" \t\n");
        const std::size_t end = run.script.find('\n', begin);
        const bool more = end != std::string::npos && end + 1 < run.script.size();
        return fmt::format("run: {}{}", run.script.substr(begin, end - begin), more ? " …" : "");
    }
    std::string operator()(const UnitsChange& change) const {
        using Verb = UnitsChange::Verb;
        const std::string_view verb = change.verb == Verb::enable    ? "enable"
                                      : change.verb == Verb::disable ? "disable"
                                                                     : "mask";
        if (change.units.size() > 4) {
            return fmt::format("{}: {} and {} more", verb, change.units.front(),
                               change.units.size() - 1);
        }
        return fmt::format("{}: {}", verb, fmt::join(change.units, " "));
    }
};

}  // namespace

unsigned permissions_of(const YamlNode& node) {
    const std::string text = node.as_string();
    unsigned mode = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
    if (failure != std::errc() || end != text.data() + text.size() || mode > 07777U) {
        node.fail(fmt::format("'{}' is not an octal mode", text), "for example \"0644\"");
    }
    return mode;
}

std::string absolute_path_of(const YamlNode& node) {
    const std::filesystem::path path = node.as_string();
    bool climbs = false;
    for (const auto& part : path) {
        climbs = climbs || part == "..";
    }
    if (!path.is_absolute() || climbs || path.string().find('\n') != std::string::npos) {
        node.fail(fmt::format("'{}' is not an absolute path in the image", path.string()));
    }
    return path.string();
}

// "user" or "user:group"; a shell never sees it, chown does.
std::string owner_of(const YamlNode& node) {
    const std::string text = node.as_string();
    const std::size_t colon = text.find(':');
    const std::string user = text.substr(0, colon);
    const std::string group = colon == std::string::npos ? user : text.substr(colon + 1);
    const auto is_name = [](const std::string& name) {
        return !name.empty() && name.front() != '-' &&
               name.find_first_not_of(kNameLetters) == std::string::npos;
    };
    if (!is_name(user) || !is_name(group)) {
        node.fail(fmt::format("'{}' is not an owner", text), "write 'user' or 'user:group'");
    }
    return user + ":" + group;
}

std::string path_beside_recipe(const YamlNode& node) {
    const std::filesystem::path path = std::filesystem::path(node.as_string()).lexically_normal();
    if (path.empty() || path.is_absolute() || *path.begin() == "..") {
        node.fail(fmt::format("'{}' is not below the recipe's folder", node.as_string()),
                  "put what is copied beside the recipe");
    }
    return path.string();
}

std::vector<std::string> texts_of(const YamlNode& node) {
    if (node.type() == YamlNode::Type::scalar) {
        return {node.as_string()};
    }
    std::vector<std::string> texts;
    for (const YamlNode& item : node.as_sequence()) {
        texts.push_back(item.as_string());
    }
    return texts;
}

std::string describe(const Action& action) {
    return std::visit(Describer{}, action);
}

std::vector<Step> parse_actions(YamlKeys& keys) {
    std::vector<Step> steps;
    take_actions(keys, steps);
    if (const auto list = keys.find("steps")) {
        for (const YamlNode& item : list->as_sequence()) {
            parse_step(item, steps);
        }
    }
    return steps;
}

}  // namespace imagebuilder
