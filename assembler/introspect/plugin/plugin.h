// SPDX-License-Identifier: Apache-2.0
// A plug-in: what to read of an application, and what the settings mean. Plain data, read from the
// YAML files in assembler/introspect/plugins/, whose README.md explains every key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "assembler/introspect/plugin/lens/lens.h"
#include "assembler/introspect/plugin/query/query.h"

namespace assembler {

namespace plugin {

// A path that may hold {names}; then it is parsed anew each time it is used.
struct PathTemplate {
    std::string text;
    QueryPath path;
    bool has_names = false;
};

struct ValueRule {
    std::vector<PathTemplate> from;  // the first that finds something
    std::string fallback;            // when none does
    std::string split;               // bytes at which a value is cut into several
    std::string strip;               // taken off its beginning
    bool only_last = false;          // of several nodes the last one's
};

struct ProtocolRule {
    std::string name;  // fixed; empty: by what follows
    std::vector<PathTemplate> from;
    std::vector<std::pair<std::string, std::string>> map;  // pattern of a value, protocol
    std::string words;                                     // a template: by a word in it
    bool by_port = false;
    std::vector<std::pair<PathTemplate, std::string>> cases;  // when that finds something
    std::string fallback;
};

struct Conditions {
    std::vector<PathTemplate> when;    // each has to find something
    std::vector<PathTemplate> unless;  // none may
};

struct EndpointRule {  // an input or an output
    PathTemplate select;
    std::string name;  // a template
    std::optional<ValueRule> endpoint;
    std::optional<ValueRule> port;
    std::optional<ValueRule> address;   // inputs
    std::optional<ValueRule> database;  // outputs
    ProtocolRule protocol;
    std::vector<PathTemplate> tls;  // any finds something: the protocol under TLS
    std::uint16_t default_port = 0;
    std::string default_address;
    std::string socket;                // inputs: templates of a unix socket's path
    std::vector<std::string> through;  // groups that hosts may name
    double confidence = 1.0;
    Conditions conditions;
    NamePattern except_names{""};
    NamePattern except_hosts{""};
    NamePattern except_protocols{""};
    bool needs_scheme = false;
    bool needs_port = false;
    bool needs_protocol = false;
};

struct PropertyRule {
    PathTemplate select;
    std::string key;  // a template; empty: the node's name
    ValueRule value;
    bool editable = false;
    bool secret = false;
};

// Names that stand for several servers: nginx's upstreams.
struct GroupRule {
    std::string name;
    PathTemplate select;
    ValueRule key;
    PathTemplate members;  // from the selected node
    ValueRule member;      // from a member; may name another group
    std::optional<ValueRule> port;
};

struct IncludeRule {
    enum class Where { parent, below, top };
    PathTemplate select;  // from where the file was put
    ValueRule value;
    std::string relative_to;  // a template
    std::string suffix;       // a folder is meant: its files that end in this
    bool folder = false;
    Where where = Where::parent;
};

struct SourceFile {
    std::string before;  // templates: what stands before and behind each value of `from`
    std::optional<PathTemplate> from;
    std::string pattern;
    bool module_name = false;  // dots in the values mean folders
};

// Nodes that do not count.
struct PruneRule {
    PathTemplate select;
    Conditions conditions;
};

struct SourceRule {
    std::string name;
    LensOptions lens;
    std::vector<SourceFile> files;
    bool first = false;  // only the first pattern that finds files
    std::string relative_to;
    std::vector<std::string> overrides;  // beside the main file, what they say wins
    std::vector<IncludeRule> includes;
    std::vector<PathTemplate> values;    // read by the lens, instead of files
    std::optional<PathTemplate> nodes;   // a map's, or "NAME=value" of a list
    bool nodes_are_assignments = false;  // "NAME=value" each, whatever their names
    std::vector<PruneRule> drop;         // of it, as soon as it was read
    std::string into;                    // another source that gets what it does not have yet
};

struct VariableRule {
    PathTemplate select;
    std::optional<std::size_t> name_value;  // which value is the name; none: the node's name
    std::size_t value = 1;
    std::string strip;    // taken off its name
    bool dotted = false;  // the name has those of the nodes above before it: "a.b"
};

struct Applies {
    std::vector<NamePattern> packages;
    std::vector<NamePattern> services;
    std::vector<NamePattern> programs;  // the last part of the path
    std::vector<NamePattern> commands;  // the whole command line
    std::vector<NamePattern> scripts;   // a line of the script that it starts
    std::vector<std::string> files;
    bool unclaimed_services = false;
};

struct Plugin {
    enum class Per { machine, file, service, node };
    std::string name;
    std::string file;  // where it was read from
    int order = 50;
    Applies applies;
    Per per = Per::machine;
    PathTemplate node;               // per node: which
    ValueRule node_name;             // {instance} of a node
    std::vector<PathTemplate> keep;  // per node: any finds something, or the node is left out
    std::string component;           // a template for its name
    std::string component_of_many;   // when there are several
    std::vector<std::string> units;  // templates
    std::string workdir;             // templates: of an instance that has none by its service
    std::vector<PathTemplate> enabled_when;    // any finds something, or it does not start
    std::vector<PathTemplate> enabled_unless;  // none may
    bool infrastructure = false;
    bool only_with_outputs = false;
    std::vector<std::string> uses;  // names of rule sets
    std::vector<SourceRule> sources;
    std::vector<VariableRule> variables;
    std::vector<PruneRule> prune;
    std::vector<GroupRule> groups;
    std::optional<PathTemplate> local_hosts;
    std::vector<EndpointRule> inputs;
    std::vector<EndpointRule> outputs;
    std::vector<PropertyRule> properties;
};

}  // namespace plugin

using plugin::Plugin;

// Of every *.yaml in the folders, in the order in which they are tried. A later folder's plug-in
// replaces one of the same name. Throws invalid_input with file, line and column; not_found when a
// folder is not there.
std::vector<Plugin> load_plugins(const std::vector<std::string>& folders);

// The folder that comes with the program: ../share/muster/introspect beside it, or
// $MUSTER_INTROSPECT. nullopt: there is none.
std::optional<std::string> find_plugin_folder();

}  // namespace assembler
