// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/lint/finding.h"

#include <algorithm>
#include <map>

namespace ovfkit::lint {

namespace {

constexpr std::size_t kMostFindings = 5000;  // a hostile file must not fill the memory

}  // namespace

void Findings::add_with(const Rule& rule, const Levels& levels, Place place, std::string text) {
    Finding finding{.rule = &rule, .file = file_, .place = place, .text = std::move(text)};
    for (const Target target : kAllTargets) {
        if (targets_.has(target) && levels.of(target) != Level::off) {
            finding.targets = finding.targets | set_of(target);
            finding.levels = finding.levels.with(set_of(target), levels.of(target));
            finding.level = std::max(finding.level, levels.of(target));
        }
    }
    if (!finding.targets.empty() && findings_.size() < kMostFindings) {
        findings_.push_back(std::move(finding));
    }
}

void Findings::add(std::string_view rule, Place place, std::string text) {
    const Rule& known = require_rule(rule);
    add_with(known, known.levels, place, std::move(text));
}

void Findings::add_as(std::string_view rule, Level level_for_muster, Place place,
                      std::string text) {
    const Rule& known = require_rule(rule);
    add_with(known, known.levels.with(kMuster, level_for_muster), place, std::move(text));
}

std::vector<Finding> Findings::take() {
    std::map<std::string, std::size_t> order;
    for (const Finding& finding : findings_) {
        order.emplace(finding.file, order.size());
    }
    std::stable_sort(findings_.begin(), findings_.end(), [&](const Finding& a, const Finding& b) {
        return std::tuple(order.at(a.file), a.place.line, a.place.column) <
               std::tuple(order.at(b.file), b.place.line, b.place.column);
    });
    return std::move(findings_);
}

}  // namespace ovfkit::lint
