// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/lint/rule.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/lint/checks/checks.h"

namespace ovfkit::lint {

namespace {

std::vector<const Rule*> gather() {
    std::vector<const Rule*> rules;
    for (const Rules area :
         {text_rules(), reader_rules(), envelope_rules(), reference_rules(), disk_rules(),
          system_rules(), hardware_rules(), storage_rules(), device_rules(), product_rules(),
          archive_rules(), manifest_rules(), signature_rules(), vmdk_rules()}) {
        for (const Rule& rule : area) {
            rules.push_back(&rule);
        }
    }
    return rules;
}

}  // namespace

std::string_view to_string(Level level) {
    switch (level) {
        case Level::off: return "off";
        case Level::note: return "note";
        case Level::warning: return "warning";
        case Level::error: return "error";
    }
    base::unreachable("lint level");
}

const std::vector<const Rule*>& all_rules() {
    static const std::vector<const Rule*> rules = gather();
    return rules;
}

const Rule* find_rule(std::string_view id) {
    static const std::map<std::string_view, const Rule*> by_id = [] {
        std::map<std::string_view, const Rule*> map;
        for (const Rule* rule : all_rules()) {
            map.emplace(rule->id, rule);
        }
        return map;
    }();
    const auto found = by_id.find(id);
    return found == by_id.end() ? nullptr : found->second;
}

const Rule& require_rule(std::string_view id) {
    const Rule* rule = find_rule(id);
    if (rule == nullptr) {
        throw base::Error(base::ErrorKind::not_found, fmt::format("there is no rule '{}'", id),
                          "muster lint --rules lists them");
    }
    return *rule;
}

}  // namespace ovfkit::lint
