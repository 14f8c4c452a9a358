// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/settings/settings.h"

#include <algorithm>

#include <fmt/format.h>

#include "assembler/introspect/plugin/query/glob.h"
#include "assembler/introspect/plugin/settings/service_settings.h"
#include "base/error.h"

namespace assembler::plugin {

namespace {

constexpr std::string_view kImplicit[] = {"config",   "unit",     "command",   "environment",
                                          "packages", "services", "addresses", "node"};

// "optional:file:/etc/app/" of Spring, "file:/…" of others
std::string_view without_scheme(std::string_view path) {
    for (const std::string_view scheme : {"optional:", "file://", "file:"}) {
        if (path.starts_with(scheme)) {
            path.remove_prefix(scheme.size());
        }
    }
    return path;
}

}  // namespace

Settings::Settings(const Plugin& plugin, const Instance& instance, const MachineFacts& facts,
                   FileCache& cache)
    : plugin_(plugin), instance_(instance), facts_(facts), cache_(cache), names_(instance.names) {
    for (const std::string_view name : kImplicit) {
        source(name);
    }
    for (const SourceRule& rule : plugin_.sources) {
        source(rule.name);
    }
}

NodeId Settings::source(std::string_view name) {
    const auto found = tree_.find_child(ConfigTree::kRoot, name);
    return found ? *found : tree_.add(ConfigTree::kRoot, std::string(name), std::nullopt);
}

std::size_t Settings::count_nodes() {
    try {
        read_machine();
        if (!plugin_.sources.empty()) {
            read_source(plugin_.sources.front());
        }
    } catch (const base::Error& error) {  // a bound; read() says so
        if (error.kind() != base::ErrorKind::invalid_input) {
            throw;
        }
    }
    return select(plugin_.node, {}).size();
}

void Settings::read() {
    try {
        read_machine();
        if (instance_.service != nullptr) {
            read_service();
        }
        bool first = true;
        for (const SourceRule& rule : plugin_.sources) {
            read_source(rule);
            if (first && instance_.node) {
                take_node();
            }
            first = false;
        }
        keep_last(source("environment"));
        complete_ = true;
        run_prunes(plugin_.prune);
    } catch (const base::Error& error) {  // a bound; what was read so far stands
        if (error.kind() != base::ErrorKind::invalid_input) {
            throw;
        }
        cache_.add_remark(fmt::format("{}: {}", plugin_.name, error.message()), std::nullopt);
    }
    complete_ = true;
    for (const std::string& file : service_files_) {
        if (std::find(files_.begin(), files_.end(), file) == files_.end()) {
            files_.push_back(file);
        }
    }
}

void Settings::read_machine() {
    const NodeId packages = source("packages");
    for (const PackageFact& package : facts_.packages) {
        tree_.add_value(tree_.add(packages, package.name, std::nullopt),
                        TracedText::made_up(package.version));
    }
    const NodeId services = source("services");
    for (const ServiceFact& service : facts_.services) {
        if (!service.enabled) {
            continue;
        }
        const NodeId node = tree_.add(services, service.unit, std::nullopt);
        for (std::size_t at = 0; at < service.command_line.size();) {
            const std::size_t end =
                std::min(service.command_line.find(' ', at), service.command_line.size());
            tree_.add_value(node, TracedText::made_up(service.command_line.substr(at, end - at)));
            at = end + 1;
        }
        if (!service.working_directory.empty()) {
            tree_.add_value(node, TracedText::made_up(service.working_directory));
        }
    }
    const NodeId addresses = source("addresses");
    const auto add_address = [&](const std::string& text) {
        if (!text.empty()) {
            tree_.add_value(tree_.add(addresses, "-", std::nullopt), TracedText::made_up(text));
        }
    };
    add_address(facts_.os.hostname);
    std::vector<std::string> own{"127.0.0.1", "127.0.1.1", "::1"};
    for (const InterfaceFact& interface : facts_.interfaces) {
        for (const std::string& address : interface.addresses) {
            own.push_back(address.substr(0, address.find('/')));
            add_address(own.back());
        }
    }
    for (const SharedAddressFact& shared : facts_.shared_addresses) {
        own.push_back(shared.address);
        add_address(shared.address);
    }
    for (const HostName& host : facts_.hosts) {
        const bool mine = std::find(own.begin(), own.end(), host.address) != own.end();
        for (const std::string& name : mine ? host.names : std::vector<std::string>{}) {
            add_address(name);
        }
    }
}

void Settings::read_service() {
    read_service_settings(*instance_.service, cache_, tree_,
                          {source("unit"), source("command"), source("environment")},
                          service_files_);
}

void Settings::read_source(const SourceRule& rule) {
    const NodeId under = source(rule.name);
    if (rule.nodes) {
        read_nodes(rule, under);
    } else if (!rule.values.empty()) {
        for (const PathTemplate& path : rule.values) {
            for (const TracedText& value : values(path, {})) {
                read_lens(rule.lens, expand(value), under);
            }
        }
    } else {
        read_files(rule, under);
    }
    run_prunes(rule.drop);
    if (rule.into.empty()) {
        return;
    }
    // Of several documents the last one counts most.
    const std::vector<NodeId> children = tree_.node(under).children;
    for (auto child = children.rbegin(); child != children.rend(); ++child) {
        if (rule.lens.documents && !tree_.node(*child).removed) {
            add_missing(*child, source(rule.into));
        }
    }
    if (!rule.lens.documents) {
        add_missing(under, source(rule.into));
    }
}

void Settings::read_files(const SourceRule& rule, NodeId under) {
    const bool main = &rule == &plugin_.sources.front();
    std::vector<std::string> chain;
    if (main && !instance_.main_files.empty()) {
        for (const std::string& path : instance_.main_files) {
            read_main_file(rule, path, under);
        }
        return;
    }
    for (const SourceFile& file : rule.files) {
        bool found = false;
        for (const std::string& path : files_of(file, rule)) {
            found = read_file(rule, path, under, chain) || found;
        }
        if (found && rule.first) {
            break;
        }
    }
}

// What overrides say is read first: what is there wins, and lists go on.
void Settings::read_main_file(const SourceRule& rule, const std::string& path, NodeId under) {
    std::vector<std::string> chain;
    std::vector<FoundFile> overrides;
    for (const std::string& pattern : rule.overrides) {
        for (FoundFile& found : find_files(cache_.tree(), join_path(folder_of(path), pattern))) {
            overrides.push_back(std::move(found));
        }
    }
    if (overrides.empty()) {
        read_file(rule, path, under, chain);
        return;
    }
    names_["file"] = path;
    names_["dir"] = folder_of(path);
    for (const FoundFile& found : overrides) {
        read_file(rule, found.path, under, chain);
    }
    const NodeId apart = tree_.add(ConfigTree::kRoot, "", std::nullopt);
    read_file(rule, path, apart, chain);
    add_missing(apart, under, true);
    tree_.remove(apart);
}

std::string Settings::base_folder() const {
    for (const std::string_view name : {"workdir", "dir"}) {
        if (const auto found = find_name(name); found && !found->empty()) {
            return *found;
        }
    }
    return "/";
}

std::vector<std::string> Settings::files_of(const SourceFile& file, const SourceRule& rule) const {
    std::vector<std::string> prefixes{""};
    const auto before = fill(file.before, {});
    if (file.from) {
        prefixes.clear();
        for (const TracedText& value : values(*file.from, {})) {
            const std::string text = expand(value).text();
            for (std::size_t at = 0; at <= text.size();) {
                const std::size_t end = std::min(text.find(',', at), text.size());
                if (end > at) {
                    const std::string_view part = std::string_view(text).substr(at, end - at);
                    std::string name(without_scheme(part));
                    if (file.module_name) {
                        std::replace(name.begin(), name.end(), '.', '/');
                    }
                    prefixes.push_back(before.value_or("") + name);
                }
                at = end + 1;
            }
        }
    }
    const auto rest = fill(file.pattern, {});
    std::vector<std::string> paths;
    const auto base = fill_first(rule.relative_to, {}, {});
    for (const std::string& prefix : rest&& before ? prefixes : std::vector<std::string>{}) {
        const std::string pattern =
            join_path(base && !base->empty() ? *base : base_folder(), prefix + *rest);
        bool cut = false;
        for (FoundFile& found : find_files(cache_.tree(), pattern, &cut)) {
            paths.push_back(std::move(found.path));
        }
        if (cut) {
            cache_.add_remark(fmt::format("'{}' leads through too many files", pattern),
                              std::nullopt);
        }
    }
    return paths;
}

bool Settings::read_file(const SourceRule& rule, const std::string& path, NodeId under,
                         std::vector<std::string>& chain) {
    const auto text = cache_.read(path);
    if (!text) {
        return false;
    }
    const std::string real = cache_.tree().resolve(path).value_or(path);
    if (names_.find("dir") == names_.end()) {
        names_["file"] = path;
        names_["dir"] = folder_of(path);
    }
    if (std::find(files_.begin(), files_.end(), real) == files_.end()) {
        files_.push_back(real);
    }
    read_lens(rule.lens, *text, under);
    chain.push_back(real);
    follow_includes(rule, under, chain);
    chain.pop_back();
    return true;
}

void Settings::read_lens(const LensOptions& lens, const TracedText& text, NodeId under) {
    std::vector<LensProblem> problems;
    read_with_lens(lens, text, tree_, under, problems);
    constexpr std::size_t kMaxShown = 3;
    for (std::size_t i = 0; i < std::min(problems.size(), kMaxShown); ++i) {
        cache_.add_remark(problems[i].text, problems[i].position);
    }
}

void Settings::follow_includes(const SourceRule& rule, NodeId under,
                               std::vector<std::string>& chain) {
    for (const IncludeRule& include : rule.includes) {
        for (const QueryMatch& match : select(include.select, {under, ""})) {
            if (followed_.insert(match.node).second) {
                follow_include(rule, include, match.node, chain);
            }
        }
    }
}

void Settings::follow_include(const SourceRule& rule, const IncludeRule& include, NodeId node,
                              std::vector<std::string>& chain) {
    constexpr std::size_t kMaxChain = 16;
    constexpr std::size_t kMaxIncluded = 512;
    const NodeId to = include.where == IncludeRule::Where::below ? node
                      : include.where == IncludeRule::Where::top ? source(rule.name)
                                                                 : tree_.node(node).parent;
    const std::optional<SourcePosition> position = tree_.node(node).position;
    const auto folder = fill_first(include.relative_to, {{"here", folder_of(chain.back())}}, {});
    for (const TracedText& value : values(include.value, {node, ""})) {
        std::string pattern = join_path(folder.value_or("/"), without_scheme(value.text()));
        if (include.folder) {
            pattern += "/*" + include.suffix;
        }
        for (const FoundFile& found : find_files(cache_.tree(), pattern)) {
            const std::string real = cache_.tree().resolve(found.path).value_or(found.path);
            if (std::find(chain.begin(), chain.end(), real) != chain.end()) {
                cache_.add_remark(fmt::format("'{}' includes itself", real), position);
            } else if (chain.size() >= kMaxChain || ++included_ > kMaxIncluded) {
                cache_.add_remark("too many files include each other", position);
                return;
            } else {
                read_file(rule, found.path, to, chain);
            }
        }
    }
}

void Settings::read_nodes(const SourceRule& rule, NodeId under) {
    for (const QueryMatch& match : select(*rule.nodes, {})) {
        const ConfigNode& node = tree_.node(match.node);
        if (node.values.empty()) {
            continue;
        }
        const TracedText value = node.values[0];
        if (node.name.starts_with('!')) {  // a command in a script
            continue;
        }
        if (node.name == "-" || rule.nodes_are_assignments) {
            add_assignment_node(tree_, under, value);
        } else {
            // "env[NAME]" of php-fpm
            const std::size_t open = node.name.find('[');
            const bool in_brackets = open != std::string::npos && node.name.ends_with(']');
            const std::string name =
                in_brackets ? node.name.substr(open + 1, node.name.size() - open - 2) : node.name;
            const auto position = node.position;
            tree_.add_value(tree_.add(under, name, position), value);
        }
    }
}

// Deep: a setting that is there stays as it is, a list as a whole.
void Settings::add_missing(NodeId from, NodeId to, bool lists_go_on) {
    std::map<std::string, NodeId> there;
    for (const NodeId child : tree_.node(to).children) {
        if (!tree_.node(child).removed) {
            there.insert_or_assign(tree_.node(child).name, child);
        }
    }
    const std::vector<NodeId> children = tree_.node(from).children;
    for (const NodeId child : children) {
        const std::string name = tree_.node(child).name;
        const auto found = there.find(name);
        const bool item = name == "-";
        if (tree_.node(child).removed || (found != there.end() && item && !lists_go_on)) {
            continue;
        }
        if (found != there.end() && !item) {
            if (tree_.node(found->second).values.empty()) {
                add_missing(child, found->second, lists_go_on);
            }
            continue;
        }
        const auto position = tree_.node(child).position;
        const NodeId copy = tree_.add(to, name, position);
        const std::vector<TracedText> written = tree_.node(child).values;
        for (const TracedText& value : written) {
            tree_.add_value(copy, value);
        }
        tree_.copy_children(child, copy);
    }
}

void Settings::keep_last(NodeId node) {
    std::set<std::string> seen;
    const std::vector<NodeId> children = tree_.node(node).children;
    for (auto child = children.rbegin(); child != children.rend(); ++child) {
        if (!seen.insert(tree_.node(*child).name).second) {
            tree_.remove(*child);
        }
    }
}

void Settings::take_node() {
    const std::vector<QueryMatch> nodes = select(plugin_.node, {});
    if (*instance_.node >= nodes.size()) {
        return;
    }
    const NodeId from = nodes[*instance_.node].node;
    const NodeId to = source("node");
    const std::vector<TracedText> written = tree_.node(from).values;
    for (const TracedText& value : written) {
        tree_.add_value(to, value);
    }
    tree_.copy_children(from, to);
    names_["instance"] = tree_.node(from).name;
    if (!plugin_.node_name.from.empty()) {
        const std::vector<TracedText> name = values(plugin_.node_name, {from, ""});
        names_["instance"] = name.empty() ? "" : name.front().text();
    }
}

void Settings::run_prunes(const std::vector<PruneRule>& rules) {
    for (const PruneRule& rule : rules) {
        for (const QueryMatch& match : select(rule.select, {})) {
            if (hold(rule.conditions, {match.node, match.star})) {
                tree_.remove(match.node);
            }
        }
    }
}

}  // namespace assembler::plugin
