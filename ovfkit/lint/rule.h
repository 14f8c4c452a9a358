// SPDX-License-Identifier: Apache-2.0
// One rule of `muster lint`: what it looks at, how bad that is for whom, why, and what to do. Ids
// are stable: a rule that goes leaves its number unused. The rules stand beside their checks
// (checks/*.cpp); docs/lint-rules.md is made from them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ovfkit/lint/target.h"

namespace ovfkit::lint {

enum class Level : std::uint8_t { off, note, warning, error };
std::string_view to_string(Level level);
inline constexpr Level kNote = Level::note;
inline constexpr Level kWarning = Level::warning;
inline constexpr Level kError = Level::error;

// The level of a rule for each target.
class Levels {
  public:
    constexpr explicit Levels(Level everywhere) {
        for (Level& level : levels_) {
            level = everywhere;
        }
    }
    // The same with another level for some targets.
    constexpr Levels with(TargetSet targets, Level level) const {
        Levels result = *this;
        for (const Target target : kAllTargets) {
            if (targets.has(target)) {
                result.levels_[static_cast<std::size_t>(target)] = level;
            }
        }
        return result;
    }
    constexpr Level of(Target target) const { return levels_[static_cast<std::size_t>(target)]; }

  private:
    std::array<Level, kTargets> levels_{};
};

constexpr Levels everywhere(Level level) {
    return Levels(level);
}
constexpr Levels only(TargetSet targets, Level level) {
    return Levels(Level::off).with(targets, level);
}

struct Rule {
    std::string_view id;     // "OVF-101"
    std::string_view title;  // what is wrong, as a clause
    Levels levels{Level::off};
    std::string_view why;
    std::string_view fix;
    std::string_view source;  // the clause of the standard, or who was seen to do so
};

// In the order of their ids.
const std::vector<const Rule*>& all_rules();
const Rule* find_rule(std::string_view id);     // nullptr: there is none
const Rule& require_rule(std::string_view id);  // not_found

}  // namespace ovfkit::lint
