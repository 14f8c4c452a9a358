// SPDX-License-Identifier: Apache-2.0
// systemd's units of a machine that does not run: which files make a unit (the administrator's
// before the packages', drop-ins over both), which names mean the same, and which units the links
// in NAME.wants and NAME.requires start. Views of a Reading, which outlives it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "assembler/introspect/system/reading.h"

namespace assembler::introspect {

struct UnitValue {
    std::string value;  // specifiers such as %i put in
    std::string file;
    int line = 0;
    int column = 0;  // 0: it does not stand there as one piece
};

// All its files put together.
struct Unit {
    std::string name;  // "app@2.service"
    std::string file;  // the first: "/etc/systemd/system/app@.service"
    bool can_be_enabled = false;
    std::map<std::string, std::vector<UnitValue>> values;  // "Service.ExecStart"

    const std::vector<UnitValue>& all(const std::string& key) const;
    const UnitValue* find_last(const std::string& key) const;
    std::string last(const std::string& key) const;  // empty when there is none
};

class UnitFiles {
  public:
    explicit UnitFiles(Reading& reading);

    // By any of its names; nullopt: there is no such unit, or it is masked.
    std::optional<Unit> find(const std::string& name) const;
    bool is_masked(const std::string& name) const;
    bool is_known(const std::string& name) const { return find_file(name) != nullptr; }
    std::string path_of(const std::string& name) const;  // empty when it is not known
    // Started at boot, by the name of the unit itself; templates with their instance.
    const std::set<std::string>& enabled() const { return enabled_; }
    // Of files that are units of their own: not aliases, not templates, with this ending.
    std::vector<std::string> names(std::string_view ending) const;
    // Where an alias leads in the end.
    std::string real_name(const std::string& name) const;

  private:
    struct File {
        std::string path;
        std::string alias_of;  // empty: a file with content
        bool masked = false;
    };
    void index_folder(const std::string& folder);
    void index_entry(const std::string& folder, const imagebuilder::TreeEntry& entry);
    void index_links(const std::string& folder);
    const File* find_file(const std::string& name) const;
    std::vector<std::string> drop_ins_of(const std::string& name) const;

    Reading& reading_;
    std::map<std::string, File> files_;                                // of each name the first
    std::map<std::string, std::vector<std::string>> drop_in_folders_;  // "nginx.service": folders
    std::set<std::string> linked_;
    std::set<std::string> enabled_;
};

// "app@.service" of "app@2.service"; the name itself when it is no instance.
std::string template_of(const std::string& name);

}  // namespace assembler::introspect
