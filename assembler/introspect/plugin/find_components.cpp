// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/find_components.h"

#include <algorithm>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "assembler/introspect/plugin/query/glob.h"
#include "assembler/introspect/plugin/rules/endpoint_rules.h"
#include "assembler/introspect/plugin/rules/evaluate.h"
#include "assembler/introspect/plugin/settings/settings.h"
#include "base/error.h"

namespace assembler {

namespace plugin {

namespace {

constexpr std::size_t kMaxInstances = 64;  // of one plug-in

bool matches_any(const std::vector<NamePattern>& patterns, std::string_view text) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const NamePattern& pattern) { return pattern.match(text).has_value(); });
}

std::string without_suffix(const std::string& unit) {
    return unit.substr(0, unit.rfind('.'));
}

class PluginRun {
  public:
    PluginRun(const imagebuilder::FileTree& tree, const MachineFacts& facts,
              std::vector<Remark>& remarks)
        : cache_(tree, remarks), facts_(facts) {}

    // What a file does to one plug-in is no reason to lose the others.
    void run(const Plugin& plugin) {
        try {
            run_plugin(plugin);
        } catch (const base::Error& error) {
            if (error.kind() != base::ErrorKind::invalid_input) {
                throw;
            }
            cache_.add_remark(fmt::format("{}: {}", plugin.name, error.message()), std::nullopt);
        }
    }

    std::vector<Component> take_components() {
        std::sort(components_.begin(), components_.end(),
                  [](const Component& a, const Component& b) { return a.name < b.name; });
        return std::move(components_);
    }

  private:
    void run_plugin(const Plugin& plugin) {
        const std::vector<const ServiceFact*> services = services_of(plugin);
        const PackageFact* package = package_of(plugin);
        if (services.empty() && package == nullptr && !has_file(plugin)) {
            return;
        }
        std::vector<Instance> instances = plan_instances(plugin, services);
        if (instances.size() > kMaxInstances) {
            cache_.add_remark(fmt::format("{}: {} of {} instances are looked at", plugin.name,
                                          kMaxInstances, instances.size()),
                              std::nullopt);
            instances.resize(kMaxInstances);
        }
        for (const Instance& instance : instances) {
            add_component(plugin, instance, instances.size(), services, package);
        }
        for (const ServiceFact* service :
             instances.empty() ? std::vector<const ServiceFact*>{} : services) {
            claimed_.insert(service->unit);
        }
    }

    std::vector<const ServiceFact*> services_of(const Plugin& plugin) const {
        std::vector<const ServiceFact*> services;
        for (const ServiceFact& service : facts_.services) {
            if (claimed_.count(service.unit) != 0) {
                continue;
            }
            const Applies& applies = plugin.applies;
            const bool own_programs =
                service.package.empty() || service.program.starts_with("/opt/") ||
                service.program.starts_with("/srv/") || service.program.starts_with("/usr/local/");
            const bool fits = matches_any(applies.services, service.unit) ||
                              matches_any(applies.programs, program_of(service)) ||
                              matches_any(applies.commands, service.command_line) ||
                              matches_script(applies.scripts, service) ||
                              (applies.unclaimed_services && starts(service) && own_programs &&
                               !service.program.empty() && service.unit.ends_with(".service"));
            // "app@.service" is only a pattern for others.
            const bool pattern = service.unit.find("@.") != std::string::npos && !service.enabled;
            if (fits && !pattern) {
                services.push_back(&service);
            }
        }
        std::stable_sort(
            services.begin(), services.end(),
            [](const ServiceFact* a, const ServiceFact* b) { return a->enabled && !b->enabled; });
        return services;
    }

    // A line of the administrator's own script, which says what it is that runs.
    bool matches_script(const std::vector<NamePattern>& patterns,
                        const ServiceFact& service) const {
        if (patterns.empty() || !service.package.empty() || service.program.empty()) {
            return false;
        }
        const auto entry = cache_.tree().resolve(service.program);
        const auto found = entry ? cache_.tree().find(*entry) : std::nullopt;
        constexpr std::uint64_t kMaxScriptBytes = 64U << 10U;
        if (!found || found->size > kMaxScriptBytes) {
            return false;
        }
        const auto text = imagebuilder::read_if_there(cache_.tree(), *entry);
        if (!text || !text->starts_with("#!")) {
            return false;
        }
        for (std::size_t at = 0; at < text->size();) {
            const std::size_t end = std::min(text->find('\n', at), text->size());
            const std::string_view line = std::string_view(*text).substr(at, end - at);
            if (!line.starts_with('#') && matches_any(patterns, line)) {
                return true;
            }
            at = end + 1;
        }
        return false;
    }

    // The name of the program that a service starts, also by "/usr/bin/env NAME=value program".
    static std::string program_of(const ServiceFact& service) {
        std::string program = last_part(service.program);
        std::istringstream words(service.command_line);
        std::string word;
        words >> word;
        while (program == "env" && words >> word) {
            if (word.find('=') == std::string::npos && !word.starts_with('-')) {
                program = last_part(word);
            }
        }
        return program;
    }

    const PackageFact* package_of(const Plugin& plugin) const {
        for (const NamePattern& pattern : plugin.applies.packages) {
            for (const PackageFact& package : facts_.packages) {
                if (pattern.match(package.name)) {
                    return &package;
                }
            }
        }
        return nullptr;
    }

    bool has_file(const Plugin& plugin) const {
        return std::any_of(plugin.applies.files.begin(), plugin.applies.files.end(),
                           [&](const std::string& pattern) {
                               return !find_files(cache_.tree(), pattern).empty();
                           });
    }

    // The files of the first source, each once, whatever links lead to it.
    std::vector<FoundFile> main_files(const Plugin& plugin) const {
        std::vector<FoundFile> files;
        std::set<std::string> seen;
        if (plugin.sources.empty()) {
            return files;
        }
        for (const SourceFile& file : plugin.sources.front().files) {
            const bool absolute = file.pattern.starts_with('/') && !file.from &&
                                  file.pattern.find('{') == std::string::npos;
            bool found = false;
            for (FoundFile& candidate :
                 absolute ? find_files(cache_.tree(), file.pattern) : std::vector<FoundFile>{}) {
                found = true;
                if (seen.insert(*cache_.tree().resolve(candidate.path)).second) {
                    files.push_back(std::move(candidate));
                }
            }
            if (found && plugin.sources.front().first && plugin.per == Plugin::Per::machine) {
                break;
            }
        }
        return files;
    }

    static void name_file(Instance& instance, const FoundFile& file) {
        instance.main_files = {file.path};
        instance.names["file"] = file.path;
        instance.names["dir"] = folder_of(file.path);
        for (std::size_t i = 0; i < file.stars.size(); ++i) {
            instance.names["file" + std::to_string(i + 1)] = file.stars[i];
        }
    }

    // The last folder whose name is one: of /var/www/shop/config/config.php it is "shop".
    static std::string name_of_folder(const std::string& path) {
        constexpr std::string_view kPlain[] = {
            "config", "conf",    "etc",      "inc",  "includes", "default",       "sites",
            "src",    "app",     "public",   "html", "htdocs",   "bin",           "web",
            "www",    "current", "settings", "srv",  "var",      "sites-enabled", "apps-enabled"};
        std::string folder = folder_of(path);
        while (folder != "/") {
            const std::string name = last_part(folder);
            if (std::find(std::begin(kPlain), std::end(kPlain), name) == std::end(kPlain)) {
                return name;
            }
            folder = folder_of(folder);
        }
        return "";
    }

    static Instance service_instance(const ServiceFact& service) {
        Instance instance;
        instance.service = &service;
        instance.names["unit"] = service.unit;
        instance.names["instance"] = without_suffix(service.unit);
        instance.names["program"] = service.program;
        instance.names["workdir"] =
            service.working_directory.starts_with('/') ? service.working_directory : "";
        return instance;
    }

    std::vector<Instance> plan_instances(const Plugin& plugin,
                                         const std::vector<const ServiceFact*>& services) {
        std::vector<Instance> instances;
        if (plugin.per == Plugin::Per::service) {
            for (const ServiceFact* service : services) {
                instances.push_back(service_instance(*service));
            }
            return instances;
        }
        const std::vector<FoundFile> files = main_files(plugin);
        if (plugin.per == Plugin::Per::machine) {
            Instance instance = services.empty() ? Instance{} : service_instance(*services.front());
            for (const FoundFile& file : files) {
                if (instance.main_files.empty()) {
                    name_file(instance, file);
                } else {
                    instance.main_files.push_back(file.path);
                }
            }
            return {instance};
        }
        for (const FoundFile& file : files) {
            Instance instance = services.empty() ? Instance{} : service_instance(*services.front());
            name_file(instance, file);
            instance.names["instance"] = name_of_folder(file.path);
            if (plugin.per == Plugin::Per::file) {
                instances.push_back(instance);
                continue;
            }
            Settings probe(plugin, instance, facts_, cache_);
            const std::size_t count = std::min(probe.count_nodes(), kMaxInstances + 1);
            for (std::size_t i = 0; i < count; ++i) {
                instance.node = i;
                instances.push_back(instance);
            }
        }
        return instances;
    }

    void add_component(const Plugin& plugin, const Instance& instance, std::size_t count,
                       const std::vector<const ServiceFact*>& services,
                       const PackageFact* package) {
        Settings settings(plugin, instance, facts_, cache_);
        settings.read();
        if (!plugin.keep.empty() &&
            std::none_of(plugin.keep.begin(), plugin.keep.end(), [&](const PathTemplate& path) {
                return !settings.select(path, {}).empty();
            })) {
            return;
        }
        Component component;
        component.kind = plugin.name;
        component.infrastructure = plugin.infrastructure;
        component.files = settings.files();
        name_unit(plugin, settings, services, component);
        if (package != nullptr) {
            component.package = package->name;
        }
        const auto known =
            std::find_if(facts_.packages.begin(), facts_.packages.end(),
                         [&](const PackageFact& p) { return p.name == component.package; });
        component.version = known == facts_.packages.end() ? "" : known->version;
        component.evidence = {component.files.empty() ? "" : component.files.front(), 0, 1.0};
        if (component.evidence.file.empty() && !services.empty()) {
            component.evidence = services.front()->evidence;
        }
        const std::string& pattern = count > 1 && !plugin.component_of_many.empty()
                                         ? plugin.component_of_many
                                         : plugin.component;
        const auto name = settings.fill(pattern.empty() ? plugin.name : pattern, {});
        component.name = unique_component_name(plain_name(name.value_or(plugin.name)));
        evaluate_rules(plugin, settings, cache_, component);
        if (!plugin.only_with_outputs || !component.outputs.empty()) {
            components_.push_back(std::move(component));
        }
    }

    void name_unit(const Plugin& plugin, const Settings& settings,
                   const std::vector<const ServiceFact*>& services, Component& component) const {
        const ServiceFact* chosen = settings.instance().service;
        if (plugin.per == Plugin::Per::node && services.size() > 1) {
            // The one that names it: startManagedWebLogic.sh app1
            const auto instance = settings.fill("{instance}", {});
            const auto names_it = [&](const ServiceFact* service) {
                const std::string words = " " + service->command_line + " ";
                return instance && words.find(" " + *instance + " ") != std::string::npos;
            };
            const auto found = std::find_if(services.begin(), services.end(), names_it);
            chosen = found == services.end() ? nullptr : *found;
        }
        if (const ServiceFact* unit = find_unit(plugin, settings)) {
            chosen = unit;
        }
        if (chosen != nullptr) {
            component.unit = chosen->unit;
            component.package = chosen->package;
        }
        const bool own = plugin.per == Plugin::Per::service;
        component.enabled =
            chosen == nullptr || starts(*chosen) ||
            (!own && std::any_of(services.begin(), services.end(),
                                 [&](const ServiceFact* service) { return starts(*service); }));
        const auto finds = [&](const PathTemplate& path) {
            return !settings.select(path, {}).empty();
        };
        const bool unwanted =
            (!plugin.enabled_when.empty() &&
             std::none_of(plugin.enabled_when.begin(), plugin.enabled_when.end(), finds)) ||
            std::any_of(plugin.enabled_unless.begin(), plugin.enabled_unless.end(), finds);
        component.enabled = component.enabled && !unwanted && !is_left_over(plugin, component);
    }

    // Configuration without any service, of a plug-in that knows its services: what a package
    // leaves behind when it is removed.
    bool is_left_over(const Plugin& plugin, const Component& component) const {
        return !facts_.services.empty() && !plugin.applies.services.empty() &&
               component.unit.empty() && package_of(plugin) == nullptr;
    }

    // The first of the plug-in's units that there is; of a pattern one that starts, or else the
    // last resort.
    const ServiceFact* find_unit(const Plugin& plugin, const Settings& settings) const {
        const ServiceFact* at_rest = nullptr;
        for (const std::string& text : plugin.units) {
            const auto wanted = settings.fill(text, {});
            if (!wanted) {
                continue;
            }
            const NamePattern pattern(*wanted);
            for (const ServiceFact& service : facts_.services) {
                if (!pattern.match(service.unit)) {
                    continue;
                }
                if (service.unit == *wanted || starts(service)) {
                    return &service;
                }
                at_rest = at_rest == nullptr ? &service : at_rest;
            }
        }
        return at_rest;
    }

    // By itself, or by a timer.
    bool starts(const ServiceFact& service) const {
        return service.enabled ||
               std::any_of(facts_.jobs.begin(), facts_.jobs.end(), [&](const ScheduledJob& job) {
                   return !service.command_line.empty() && job.command == service.command_line;
               });
    }

    std::string unique_component_name(const std::string& wanted) const {
        std::string name = wanted;
        for (int number = 2;
             std::any_of(components_.begin(), components_.end(),
                         [&](const Component& other) { return other.name == name; });
             ++number) {
            name = wanted + "-" + std::to_string(number);
        }
        return name;
    }

    FileCache cache_;
    const MachineFacts& facts_;
    std::set<std::string> claimed_;
    std::vector<Component> components_;
};

}  // namespace

}  // namespace plugin

std::vector<Component> find_components(const imagebuilder::FileTree& tree,
                                       const MachineFacts& facts,
                                       const std::vector<Plugin>& plugins,
                                       std::vector<Remark>& remarks) {
    plugin::PluginRun run(tree, facts, remarks);
    for (const Plugin& plugin : plugins) {
        run.run(plugin);
    }
    return run.take_components();
}

}  // namespace assembler
