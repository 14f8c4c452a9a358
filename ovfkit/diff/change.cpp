// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/diff/change.h"

#include <fmt/format.h>

#include "base/error.h"

namespace ovfkit {

std::string_view to_string(Change::Kind kind) {
    switch (kind) {
        case Change::Kind::added: return "added";
        case Change::Kind::removed: return "removed";
        case Change::Kind::changed: return "changed";
    }
    base::unreachable("kind of change");
}

base::Json to_json(const std::vector<Change>& changes) {
    base::Json array = base::Json::array();
    for (const Change& change : changes) {
        array.push_back({{"kind", to_string(change.kind)},
                         {"subject", change.subject},
                         {"what", change.what},
                         {"before", change.before},
                         {"after", change.after}});
    }
    return array;
}

void Changes::compare(std::string_view what, const std::string& before, const std::string& after) {
    if (before != after) {
        changes_.push_back({Change::Kind::changed, subject_, std::string(what), before, after});
    }
}

void Changes::compare_number(std::string_view what, std::uint64_t before, std::uint64_t after) {
    compare(what, fmt::format("{}", before), fmt::format("{}", after));
}

void Changes::compare_flag(std::string_view what, bool before, bool after) {
    compare(what, before ? "yes" : "no", after ? "yes" : "no");
}

void Changes::added(std::string_view what, std::string value) {
    changes_.push_back({Change::Kind::added, subject_, std::string(what), "", std::move(value)});
}

void Changes::removed(std::string_view what, std::string value) {
    changes_.push_back({Change::Kind::removed, subject_, std::string(what), std::move(value), ""});
}

}  // namespace ovfkit
