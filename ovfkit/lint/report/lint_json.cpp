// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/lint/report/lint_json.h"

namespace ovfkit::lint {

base::Json to_json(TargetSet targets) {
    base::Json names = base::Json::array();
    for (const Target target : kAllTargets) {
        if (targets.has(target)) {
            names.push_back(to_string(target));
        }
    }
    return names;
}

base::Json levels_json(const Finding& finding) {
    base::Json levels = base::Json::object();
    for (const Target target : kAllTargets) {
        if (finding.targets.has(target)) {
            levels[std::string(to_string(target))] = to_string(finding.levels.of(target));
        }
    }
    return levels;
}

base::Json to_json(const LintReport& report, TargetSet targets) {
    base::Json json{{"source", report.source},
                    {"package", report.is_package},
                    {"descriptor", report.descriptor},
                    {"targets", to_json(targets)}};
    json["summary"] = {{"errors", report.count(Level::error)},
                       {"warnings", report.count(Level::warning)},
                       {"notes", report.count(Level::note)}};
    json["findings"] = base::Json::array();
    for (const Finding& finding : report.findings) {
        json["findings"].push_back({{"rule", finding.rule->id},
                                    {"level", to_string(finding.level)},
                                    {"levels", levels_json(finding)},
                                    {"file", finding.file},
                                    {"line", finding.place.line},
                                    {"column", finding.place.column},
                                    {"text", finding.text},
                                    {"why", finding.rule->why},
                                    {"fix", finding.rule->fix},
                                    {"source", finding.rule->source}});
    }
    return json;
}

}  // namespace ovfkit::lint
