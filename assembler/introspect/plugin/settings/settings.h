// SPDX-License-Identifier: Apache-2.0
// The settings of one instance as a tree: below the root a node for each source of the plug-in, and
// those that are always there: "unit", "command", "environment" of its service, "packages",
// "services" and "addresses" of the machine, "node" of an instance per node. Also what templates,
// paths and values of rules are in it. Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "assembler/introspect/plugin/lens/config_tree.h"
#include "assembler/introspect/plugin/plugin.h"
#include "assembler/introspect/plugin/settings/file_cache.h"
#include "assembler/introspect/plugin/settings/instance.h"

namespace assembler::plugin {

// What "{name}"s of a rule stand for, besides the instance's: at a selected node.
struct RuleContext {
    NodeId here = ConfigTree::kRoot;
    std::string star;
    std::string port;  // of the endpoint at hand
};

class Settings {
  public:
    Settings(const Plugin& plugin, const Instance& instance, const MachineFacts& facts,
             FileCache& cache);

    const ConfigTree& tree() const { return tree_; }
    const Instance& instance() const { return instance_; }
    // How many nodes the plug-in's path per node selects, with only the first source read.
    std::size_t count_nodes();
    // All sources; then prunes.
    void read();
    const std::vector<std::string>& files() const { return files_; }

    std::vector<QueryMatch> select(const PathTemplate& path, const RuleContext& context) const;
    std::vector<TracedText> values(const PathTemplate& path, const RuleContext& context) const;
    // Variables in them are resolved as far as they are known.
    std::vector<TracedText> values(const ValueRule& rule, const RuleContext& context) const;
    std::optional<std::string> fill(std::string_view text, const RuleContext& context) const;
    // "a|b": the first of the templates whose names are known. `more` are names beside the usual.
    std::optional<std::string> fill_first(std::string_view templates, const Names& more,
                                          const RuleContext& context) const;
    bool hold(const Conditions& conditions, const RuleContext& context) const;
    TracedText expand(const TracedText& text) const;

  private:
    NodeId source(std::string_view name);
    void read_machine();
    void read_service();
    void read_source(const SourceRule& rule);
    void read_files(const SourceRule& rule, NodeId under);
    void read_main_file(const SourceRule& rule, const std::string& path, NodeId under);
    bool read_file(const SourceRule& rule, const std::string& path, NodeId under,
                   std::vector<std::string>& chain);
    void follow_includes(const SourceRule& rule, NodeId under, std::vector<std::string>& chain);
    void follow_include(const SourceRule& rule, const IncludeRule& include, NodeId node,
                        std::vector<std::string>& chain);
    std::vector<std::string> files_of(const SourceFile& file, const SourceRule& rule) const;
    void read_nodes(const SourceRule& rule, NodeId under);
    void add_missing(NodeId from, NodeId to, bool lists_go_on = false);
    void keep_last(NodeId node);  // of children of the same name
    void take_node();
    void run_prunes(const std::vector<PruneRule>& rules);
    void read_lens(const LensOptions& lens, const TracedText& text, NodeId under);
    std::vector<TracedText> last_values(const PathTemplate& path, const RuleContext& context) const;
    std::optional<QueryPath> path_of(const PathTemplate& path, const RuleContext& context) const;
    std::optional<std::string> name_value(std::string_view name, const RuleContext& context) const;
    std::optional<std::string> find_name(std::string_view name) const;  // of names_, workdir too
    std::string base_folder() const;  // that relative paths begin at
    // `open`: variables whose values are being expanded; in them they are not known.
    void expand_into(const TracedText& text, TracedText& result, std::vector<std::string>& open,
                     int& budget) const;
    const TracedText* find_variable(const std::string& name) const;

    const Plugin& plugin_;
    const Instance& instance_;
    const MachineFacts& facts_;
    FileCache& cache_;
    ConfigTree tree_;
    Names names_;                     // of the instance, and of the file that was read first
    std::vector<std::string> files_;  // that were read
    std::vector<std::string> service_files_;
    std::set<NodeId> followed_;  // includes
    std::size_t included_ = 0;
    bool complete_ = false;
    mutable std::optional<std::map<std::string, TracedText>> variables_;
};

}  // namespace assembler::plugin
