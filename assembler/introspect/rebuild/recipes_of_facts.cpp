// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/rebuild/recipes_of_facts.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "assembler/introspect/connect/property_keys.h"
#include "assembler/introspect/generate/guest_config_of_facts.h"
#include "assembler/introspect/rebuild/recipe_files.h"
#include "base/crypto/base64.h"
#include "base/error.h"
#include "base/json.h"
#include "base/printable.h"
#include "imagebuilder/recipe.h"

namespace assembler {

namespace {

using Pair = std::pair<std::string_view, std::string_view>;

constexpr std::array<Pair, 5> kDebianReleases{{
    {"10", "buster"},
    {"11", "bullseye"},
    {"12", "bookworm"},
    {"13", "trixie"},
    {"14", "forky"},
}};
constexpr std::array<Pair, 3> kUbuntuReleases{{
    {"20.04", "focal"},
    {"22.04", "jammy"},
    {"24.04", "noble"},
}};
constexpr const char* kSmallLetters = "abcdefghijklmnopqrstuvwxyz-";

std::string find_release(const OperatingSystem& os) {
    const auto in = [&](const auto& table) -> std::string {
        for (const auto& [version, release] : table) {
            if (os.version_id == version) {
                return std::string(release);
            }
        }
        return "";
    };
    const std::string known = os.id == "ubuntu" ? in(kUbuntuReleases) : in(kDebianReleases);
    if (!known.empty()) {
        return known;
    }
    // "Debian GNU/Linux 15 (duke)"
    const std::size_t open = os.pretty_name.rfind('(');
    const std::size_t close = os.pretty_name.rfind(')');
    const std::string word = open == std::string::npos || close == std::string::npos || close < open
                                 ? ""
                                 : os.pretty_name.substr(open + 1, close - open - 1);
    return word.find_first_not_of(kSmallLetters) == std::string::npos ? word : "";
}

std::string quoted_yaml(const std::string& text) {
    return base::to_json_text(base::Json(text));
}

// Kernels of one version and what boots the old disk: the new image has its own.
bool is_of_old_disk(const std::string& package) {
    constexpr std::array<std::string_view, 9> kBoot{
        "grub",    "shim-",         "os-prober",    "linux-headers", "installation-report",
        "tasksel", "laptop-detect", "linux-image-", "efibootmgr"};
    return std::any_of(kBoot.begin(), kBoot.end(),
                       [&](std::string_view begin) { return package.starts_with(begin); });
}

class RecipeWriter {
  public:
    RecipeWriter(const MachineFacts& machine, const imagebuilder::FileTree& tree,
                 const std::string& guest_config, const RecipeOptions& options)
        : machine_(machine), tree_(tree), guest_config_(guest_config), options_(options) {}

    GeneratedRecipe run() {
        CollectedFiles collected = collect_recipe_files(machine_, tree_, options_);
        out_.files = std::move(collected.files);
        out_.left_out = std::move(collected.left_out);
        write_head();
        write_packages();
        write_users();
        write_copies(collected.copies);
        write_runs(std::move(collected.commands));
        write_units();
        line("seal: template");
        out_.text = head_ + left_out_comments() + "\n" + body_;
        return std::move(out_);
    }

  private:
    template <typename... Args>
    void line(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(body_), format, std::forward<Args>(args)...);
        body_ += '\n';
    }

    void write_head() {
        const std::string release = find_release(machine_.os);
        if (release.empty() || (machine_.os.id != "debian" && machine_.os.id != "ubuntu")) {
            throw base::Error(
                base::ErrorKind::unsupported,
                fmt::format(
                    "machine '{}': there is no recipe for the system '{}'", machine_.name,
                    machine_.os.pretty_name.empty() ? machine_.os.id : machine_.os.pretty_name),
                "without --recipes its disk is the image");
        }
        head_ = fmt::format("# Rebuilds {} ({}), as muster introspect found it.\n",
                            base::printable_line(machine_.source),
                            base::printable_line(machine_.os.pretty_name));
        line("name: {}", host_word(machine_.name));
        line("version: 1.0.0");
        line("description: {}",
             quoted_yaml(fmt::format("Rebuilt from {}", base::printable_line(machine_.source))));
        line("arch: amd64");
        line("source: {{ bootstrap: {}, release: {} }}", machine_.os.id, release);
        line("");
    }

    std::string left_out_comments() const {
        std::string text;
        for (const std::string& one : out_.left_out) {
            text += fmt::format("# Left out: {}\n", base::printable_line(one));
        }
        return text +
               "# Left out: data below /var, such as databases; passwords and ids of users.\n";
    }

    void write_packages() {
        std::set<std::string> names{"systemd-sysv", "udev", "dbus", "iproute2"};
        std::string kernel = "linux-image-amd64";
        for (const PackageFact& package : machine_.packages) {
            if (package.name == "linux-image-cloud-amd64") {
                kernel = package.name;
            }
            const bool usable = package.name.find_first_not_of(
                                    "abcdefghijklmnopqrstuvwxyz0123456789+-.") == std::string::npos;
            if (!package.automatic && !package.base && usable && !is_of_old_disk(package.name)) {
                names.insert(package.name);
            }
        }
        names.insert(machine_.os.id == "ubuntu" ? "linux-image-virtual" : kernel);
        line("packages:");
        for (const std::string& name : names) {
            line("  - {}", name);
        }
        line("");
    }

    // A system user is made by its package, unless somebody made it for a service of his own.
    bool is_own_user(const UserFact& user) const {
        return user.name != "nobody" && user.name != "root" &&
               (!user.system || std::any_of(machine_.services.begin(), machine_.services.end(),
                                            [&](const ServiceFact& service) {
                                                return service.user == user.name &&
                                                       service.package.empty();
                                            }));
    }

    static bool is_user_name(const std::string& name) {
        return !name.empty() && name.size() <= 32 &&
               name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") ==
                   std::string::npos &&
               name.find_first_of("0123456789-") != 0;
    }

    void write_users() {
        std::string users;
        for (const UserFact& user : machine_.users) {
            if (is_own_user(user) && is_user_name(user.name)) {
                users += user_text(user);
            } else if (is_own_user(user)) {
                out_.left_out.push_back(
                    fmt::format("user '{}': a recipe cannot have it", user.name));
            }
        }
        if (!users.empty()) {
            line("users:\n{}", users);
        }
    }

    std::string user_text(const UserFact& user) const {
        std::vector<std::string> parts{"name: " + user.name};
        std::vector<std::string> groups;
        for (const std::string& group : user.groups) {
            if (group != user.name && is_user_name(group)) {
                groups.push_back(group);
            }
        }
        if (!groups.empty()) {
            parts.push_back(fmt::format("groups: [{}]", fmt::join(groups, ", ")));
        }
        if (user.shell.starts_with('/') && user.shell.find("..") == std::string::npos) {
            parts.push_back("shell: " + quoted_yaml(user.shell));
        }
        if (user.system) {
            parts.emplace_back("system: true");
        }
        const std::string hash = options_.keep_secrets ? password_hash(user.name) : "";
        if (hash.starts_with('$')) {
            parts.push_back("password: " + quoted_yaml(hash));
        }
        const auto keys = authorized_keys(user);
        if (!keys.empty()) {
            parts.push_back(fmt::format("ssh_authorized_keys: [{}]", fmt::join(keys, ", ")));
        }
        return fmt::format("  - {{ {} }}\n", fmt::join(parts, ", "));
    }

    std::vector<std::string> authorized_keys(const UserFact& user) const {
        std::vector<std::string> keys;
        const std::string text =
            imagebuilder::read_if_there(tree_, user.home + "/.ssh/authorized_keys").value_or("");
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = std::min(text.find('\n', at), text.size());
            const std::string one = text.substr(at, end - at);
            if (one.find_first_not_of(" \t\r") != std::string::npos && one.front() != '#') {
                keys.push_back(quoted_yaml(one));
            }
            at = end + 1;
        }
        return keys;
    }

    std::string password_hash(const std::string& name) const {
        const std::string text =
            "\n" + imagebuilder::read_if_there(tree_, "/etc/shadow").value_or("");
        const std::size_t at = text.find("\n" + name + ":");
        if (at == std::string::npos) {
            return "";
        }
        const std::size_t begin = at + name.size() + 2;
        return text.substr(begin, text.find_first_of(":\n", begin) - begin);
    }

    void write_copies(std::vector<CopyStep> copies) {
        if (!guest_config_.empty()) {
            out_.files.push_back({"files/introspected.json", guest_config_, 0600});
            copies.push_back({"files/introspected.json", kIntrospectedConfig, "root:root", 0600});
        }
        if (copies.empty()) {
            return;
        }
        line("copy:");
        for (const CopyStep& copy : copies) {
            std::string more;
            if (copy.owner != "root:root") {
                more += ", owner: " + quoted_yaml(copy.owner);
            }
            if (copy.permissions) {
                more += fmt::format(", permissions: \"{:04o}\"", *copy.permissions);
            }
            line("  - {{ from: {}, to: {}{} }}", quoted_yaml(copy.from), quoted_yaml(copy.to),
                 more);
        }
        line("");
    }

    void write_runs(std::vector<std::string> commands) {
        const std::string& zone = machine_.os.timezone;
        if (!zone.empty() && zone.find_first_not_of("abcdefghijklmnopqrstuvwxyz"
                                                    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/") ==
                                 std::string::npos) {
            commands.push_back(fmt::format(
                "ln -sfn /usr/share/zoneinfo/{0} /etc/localtime && echo {0} >/etc/timezone", zone));
        }
        if (commands.empty()) {
            return;
        }
        line("run:");
        for (const std::string& command : commands) {
            line("  - {}", quoted_yaml(command));
        }
        line("");
    }

    void write_units() {
        std::set<std::string> on;
        std::set<std::string> off;
        for (const ServiceFact& service : machine_.services) {
            if (service.enabled && service.package.empty()) {
                on.insert(service.unit);
            }
        }
        for (const Component& component : machine_.components) {
            if (!component.enabled && !component.unit.empty()) {
                off.insert(component.unit);
            }
        }
        // Addresses come through it.
        on.insert("systemd-networkd.service");
        on.insert("serial-getty@ttyS0.service");
        write_unit_list("enable", on);
        write_unit_list("disable", off);
    }

    void write_unit_list(std::string_view verb, const std::set<std::string>& units) {
        std::string text;
        for (const std::string& unit : units) {
            const bool usable = unit.find_first_not_of(
                                    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRS"
                                    "TUVWXYZ0123456789-_.@:") == std::string::npos;
            if (usable && !unit.starts_with('-')) {
                text += fmt::format("  - {}\n", quoted_yaml(unit));
            }
        }
        if (!text.empty()) {
            line("{}:\n{}", verb, text);
        }
    }

    const MachineFacts& machine_;
    const imagebuilder::FileTree& tree_;
    const std::string& guest_config_;
    const RecipeOptions& options_;
    std::string head_;
    std::string body_;
    GeneratedRecipe out_;
};

}  // namespace

std::string recipe_message(const GeneratedRecipe& recipe) {
    base::Json files = base::Json::array();
    for (const RecipeFile& file : recipe.files) {
        files.push_back({{"path", base::to_base64(file.path)},
                         {"content", base::to_base64(file.content)},
                         {"permissions", file.permissions}});
    }
    return base::to_json_text(
        {{"text", recipe.text}, {"files", files}, {"left_out", recipe.left_out}});
}

GeneratedRecipe parse_recipe_message(std::string_view text) {
    const auto malformed = [](std::string_view what) {
        return base::Error(base::ErrorKind::invalid_input,
                           fmt::format("a recipe of a disk: '{}' is malformed", what));
    };
    const base::Json json = base::parse_json(text, "a recipe of a disk");
    GeneratedRecipe recipe;
    recipe.text = base::require_string(json, "text");
    const auto files = json.find("files");
    const auto left_out = json.find("left_out");
    if (files == json.end() || !files->is_array() || left_out == json.end() ||
        !left_out->is_array()) {
        throw malformed("files");
    }
    for (const base::Json& file : *files) {
        const auto permissions = file.find("permissions");
        const auto path = base::from_base64(base::require_string(file, "path"));
        auto content = base::from_base64(base::require_string(file, "content"));
        if (!path || !content || permissions == file.end() || !permissions->is_number_unsigned()) {
            throw malformed("files");
        }
        recipe.files.push_back({*path, std::move(*content), permissions->get<unsigned>() & 0777U});
    }
    for (const base::Json& one : *left_out) {
        if (!one.is_string()) {
            throw malformed("left_out");
        }
        recipe.left_out.push_back(one.get<std::string>());
    }
    return recipe;
}

GeneratedRecipe recipe_of_facts(const MachineFacts& machine, const imagebuilder::FileTree& tree,
                                const std::string& guest_config, const RecipeOptions& options) {
    GeneratedRecipe recipe = RecipeWriter(machine, tree, guest_config, options).run();
    // What recipes cannot do is said now, not when somebody builds it.
    imagebuilder::parse_recipe(recipe.text, fmt::format("recipe of '{}'", machine.name));
    return recipe;
}

}  // namespace assembler
