// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/settings/service_settings.h"

#include <algorithm>

#include "assembler/introspect/plugin/lens/lens.h"
#include "assembler/introspect/plugin/query/glob.h"

namespace assembler::plugin {

namespace {

constexpr std::string_view kUnitFolders[] = {"/usr/lib/systemd/system", "/lib/systemd/system",
                                             "/etc/systemd/system"};

// The unit's file and its drop-ins, those that win last.
std::vector<std::string> unit_files(const ServiceFact& service,
                                    const imagebuilder::FileTree& tree) {
    std::vector<std::string> names{service.unit};
    const std::size_t at = service.unit.find('@');
    if (at != std::string::npos) {  // app@1.service: app@.service
        names.insert(names.begin(),
                     service.unit.substr(0, at + 1) + service.unit.substr(service.unit.rfind('.')));
    }
    std::vector<std::string> files;
    if (!service.evidence.file.empty()) {
        files.push_back(service.evidence.file);
    }
    const auto add = [&](const std::string& path) {
        const auto resolved = tree.resolve(path);
        const auto same = [&](const std::string& file) { return tree.resolve(file) == resolved; };
        if (resolved && std::none_of(files.begin(), files.end(), same)) {
            files.push_back(path);
        }
    };
    for (const std::string& name : names) {
        if (service.evidence.file.empty()) {
            for (const std::string_view folder : kUnitFolders) {
                add(std::string(folder) + "/" + name);
            }
        }
        for (const std::string_view folder : kUnitFolders) {
            for (const FoundFile& file :
                 find_files(tree, std::string(folder) + "/" + name + ".d/*.conf")) {
                add(file.path);
            }
        }
    }
    return files;
}

// "%i" and the like; what stays is as it was written.
TracedText without_specifiers(const TracedText& text, const std::string& unit) {
    const std::size_t dot = std::min(unit.rfind('.'), unit.size());
    const std::size_t at = std::min(unit.find('@'), dot);
    TracedText result;
    std::size_t begin = 0;
    for (std::size_t i = 0; i + 1 < text.text().size(); ++i) {
        if (text.text()[i] != '%') {
            continue;
        }
        result.append(text, begin, i - begin);
        switch (text.text()[i + 1]) {
            case 'i':
            case 'I':
                result.append_made_up(at < dot ? unit.substr(at + 1, dot - at - 1) : "");
                break;
            case 'p':
            case 'P': result.append_made_up(unit.substr(0, at)); break;
            case 'n': result.append_made_up(unit); break;
            case 'N': result.append_made_up(unit.substr(0, dot)); break;
            case '%': result.append(text, i, 1); break;
            default: result.append(text, i, 2); break;
        }
        begin = ++i + 1;
    }
    result.append(text, begin, text.text().size());
    return result;
}

// All values of a key of [Service], as they stand in the tree; an empty one takes back those
// before.
std::vector<TracedText> service_values(const ConfigTree& tree, NodeId unit, std::string_view key) {
    std::vector<TracedText> values;
    for (const NodeId section : tree.node(unit).children) {
        if (tree.node(section).name != "Service") {
            continue;
        }
        for (const NodeId child : tree.node(section).children) {
            if (tree.node(child).name != key) {
                continue;
            }
            const std::vector<TracedText>& written = tree.node(child).values;
            if (written.empty() || written[0].empty()) {
                values.clear();
            } else {
                values.push_back(written[0]);
            }
        }
    }
    return values;
}

void read_as(LensKind kind, const TracedText& text, ConfigTree& tree, NodeId under,
             FileCache& cache) {
    std::vector<LensProblem> problems;
    LensOptions options;
    options.kind = kind;
    read_with_lens(options, text, tree, under, problems);
    for (const LensProblem& problem : problems) {
        cache.add_remark(problem.text, problem.position);
    }
}

void read_environment(const ServiceFact& service, FileCache& cache, ConfigTree& tree,
                      const ServiceNodes& nodes, std::vector<std::string>& files) {
    for (const TracedText& value : service_values(tree, nodes.unit, "Environment")) {
        ConfigTree words;
        read_as(LensKind::command, without_specifiers(value, service.unit), words,
                ConfigTree::kRoot, cache);
        for (const NodeId word : words.node(ConfigTree::kRoot).children) {
            if (words.node(word).name == "word" && !words.node(word).values.empty()) {
                add_assignment_node(tree, nodes.environment, words.node(word).values[0]);
            }
        }
    }
    std::vector<std::string> paths = service.environment_files;
    for (const TracedText& value : service_values(tree, nodes.unit, "EnvironmentFile")) {
        paths.push_back(without_specifiers(value, service.unit).text());
    }
    std::vector<std::string> done;
    for (std::string path : paths) {
        path.erase(0, path.starts_with('-') ? 1 : 0);
        for (const FoundFile& file : find_files(cache.tree(), path)) {
            if (std::find(done.begin(), done.end(), file.path) != done.end()) {
                continue;
            }
            done.push_back(file.path);
            if (const auto text = cache.read(file.path)) {
                read_as(LensKind::env, *text, tree, nodes.environment, cache);
                files.push_back(cache.tree().resolve(file.path).value_or(file.path));
            }
        }
    }
}

}  // namespace

void add_assignment_node(ConfigTree& tree, NodeId under, const TracedText& text) {
    const std::size_t equals = text.text().find('=');
    if (equals == std::string::npos || equals == 0) {
        return;
    }
    const NodeId node = tree.add(under, text.text().substr(0, equals), text.position_at(0));
    tree.add_value(node, text.part(equals + 1, text.text().size()));
}

void read_service_settings(const ServiceFact& service, FileCache& cache, ConfigTree& tree,
                           const ServiceNodes& nodes, std::vector<std::string>& files) {
    for (const std::string& path : unit_files(service, cache.tree())) {
        if (const auto text = cache.read(path)) {
            read_as(LensKind::systemd, *text, tree, nodes.unit, cache);
            files.push_back(cache.tree().resolve(path).value_or(path));
        }
    }
    // ExecStart as it stands in the unit, for its places; as the facts have it when it is not
    // there.
    TracedText command = TracedText::made_up(service.command_line);
    const std::vector<TracedText> written = service_values(tree, nodes.unit, "ExecStart");
    if (!written.empty()) {
        command = written.back();
    }
    const std::size_t begin =
        std::min(command.text().find_first_not_of("-@:+! "), command.text().size());
    command = without_specifiers(command.part(begin, command.text().size()), service.unit);
    read_as(LensKind::command, command, tree, nodes.command, cache);
    read_environment(service, cache, tree, nodes, files);
}

}  // namespace assembler::plugin
