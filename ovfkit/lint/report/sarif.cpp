// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/lint/report/sarif.h"

#include <algorithm>
#include <cctype>
#include <map>

#include <fmt/format.h>

#include "ovfkit/lint/report/lint_json.h"

namespace ovfkit::lint {

namespace {

using base::Json;

// RFC 3986 2.3: what else stands in a path is encoded.
std::string uri_of(std::string_view path) {
    if (path.starts_with("http://") || path.starts_with("https://")) {
        return std::string(path);
    }
    std::string uri;
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 ||
            std::string_view("-._~/").find(c) != std::string_view::npos) {
            uri += c;
        } else {
            uri += fmt::format("%{:02X}", byte);
        }
    }
    return uri;
}

Json rule_json(const Rule& rule, TargetSet targets) {
    Json levels = Json::object();
    Level worst = Level::off;
    for (const Target target : kAllTargets) {
        levels[std::string(to_string(target))] = to_string(rule.levels.of(target));
        if (targets.has(target)) {
            worst = std::max(worst, rule.levels.of(target));
        }
    }
    return {{"id", rule.id},
            {"shortDescription", {{"text", rule.title}}},
            {"fullDescription", {{"text", rule.why}}},
            {"help", {{"text", rule.fix}}},
            {"defaultConfiguration",
             {{"enabled", worst != Level::off},
              {"level", worst == Level::off ? "none" : to_string(worst)}}},
            {"properties", {{"source", rule.source}, {"levels", levels}}}};
}

class Artifacts {
  public:
    explicit Artifacts(const LintReport& report) : report_(report) {
        json_.push_back({{"location", {{"uri", uri_of(report.source)}}}});
    }
    // What a finding points to; the package itself is the first.
    Json location_of(const Finding& finding) {
        std::size_t index = 0;
        if (report_.is_package && !finding.file.empty()) {
            index = index_of(finding.file);
        }
        Json artifact = json_[index]["location"];
        artifact["index"] = index;
        Json physical{{"artifactLocation", artifact}};
        if (finding.place.line > 0) {
            physical["region"] = {{"startLine", finding.place.line},
                                  {"startColumn", std::max(finding.place.column, 1)}};
        }
        return {{"physicalLocation", physical}};
    }
    const Json& json() const { return json_; }

  private:
    std::size_t index_of(const std::string& member) {
        const auto [known, fresh] = members_.emplace(member, json_.size());
        if (fresh) {
            if (report_.is_archive) {
                json_.push_back(
                    {{"location", {{"uri", "/" + uri_of(member)}}}, {"parentIndex", 0}});
            } else {
                json_.push_back({{"location", {{"uri", uri_of(report_.prefix + member)}}}});
            }
        }
        return known->second;
    }

    const LintReport& report_;
    Json json_ = Json::array();
    std::map<std::string, std::size_t> members_;
};

}  // namespace

Json to_sarif(const LintReport& report, TargetSet targets) {
    Json rules = Json::array();
    std::map<std::string_view, std::size_t> indexes;
    for (const Rule* rule : all_rules()) {
        indexes.emplace(rule->id, rules.size());
        rules.push_back(rule_json(*rule, targets));
    }
    Artifacts artifacts(report);
    Json results = Json::array();
    for (const Finding& finding : report.findings) {
        results.push_back({{"ruleId", finding.rule->id},
                           {"ruleIndex", indexes.at(finding.rule->id)},
                           {"level", to_string(finding.level)},
                           {"message", {{"text", finding.text}}},
                           {"locations", Json::array({artifacts.location_of(finding)})},
                           {"properties", {{"levels", levels_json(finding)}}}});
    }
    Json run{
        {"tool", {{"driver", {{"name", "muster"}, {"version", MUSTER_VERSION}, {"rules", rules}}}}},
        {"artifacts", artifacts.json()},
        {"results", results}};
    return {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
            {"version", "2.1.0"},
            {"runs", Json::array({run})}};
}

}  // namespace ovfkit::lint
