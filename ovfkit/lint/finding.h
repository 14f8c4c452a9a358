// SPDX-License-Identifier: Apache-2.0
// What a rule found, and the list that the checks write to. A finding belongs to some targets and
// has the worst level that the rule has for one of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ovfkit/lint/rule.h"
#include "ovfkit/xml/place.h"

namespace ovfkit::lint {

struct Finding {
    const Rule* rule = nullptr;
    Level level = Level::off;  // the worst of `levels`
    TargetSet targets;         // those of the asked ones that this concerns
    Levels levels{Level::off};
    std::string file;  // "shop.ovf", "disk1.vmdk"; empty: the package as a whole
    Place place;       // line 0: the file as a whole
    std::string text;  // "disk 'sys' refers to unknown file 'f1'"
};

class Findings {
  public:
    explicit Findings(TargetSet targets) : targets_(targets) {}

    // What add() says from now on is about this file.
    void set_file(std::string file) { file_ = std::move(file); }
    // Nothing happens when the rule is off for all targets.
    void add(std::string_view rule, Place place, std::string text);
    void add(std::string_view rule, std::string text) { add(rule, {}, std::move(text)); }
    // The same with the level for muster given by the reader, who knows more than the table.
    void add_as(std::string_view rule, Level level_for_muster, Place place, std::string text);

    std::vector<Finding> take();  // sorted by file (in the order seen), then place

  private:
    void add_with(const Rule& rule, const Levels& levels, Place place, std::string text);

    TargetSet targets_;
    std::string file_;
    std::vector<Finding> findings_;
};

}  // namespace ovfkit::lint
