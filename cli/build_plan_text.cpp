// SPDX-License-Identifier: Apache-2.0
#include "cli/build_plan_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/table.h"

namespace cli {

namespace {

base::Json build_plan_to_json(const imagebuilder::BuildPlan& plan) {
    base::Json json;
    json["name"] = plan.name;
    json["version"] = plan.version;
    json["recipe"] = plan.recipe.string();
    json["key"] = plan.key;
    json["executor"] = {{"name", to_string(plan.executor.executor)}, {"why", plan.executor.why}};
    json["image"] = {{"cached", plan.image_cached}, {"why", plan.image_why}};
    json["steps"] = base::Json::array();
    for (const imagebuilder::BuildPlanStep& step : plan.steps) {
        json["steps"].push_back({{"recipe", step.recipe},
                                 {"name", step.name},
                                 {"key", step.key},
                                 {"state", to_string(step.state)},
                                 {"why", step.why}});
    }
    return json;
}

}  // namespace

void print_build_plan(const imagebuilder::BuildPlan& plan, base::cli::Io& io) {
    if (io.json) {
        io.out << base::to_json_text(build_plan_to_json(plan), 2) << "\n";
        return;
    }
    io.out << base::cli::printable(fmt::format(
        "{} {}, {}\nexecutor: {}, for {}\nimage: {}, for {}\n\n", plan.name, plan.version,
        plan.recipe.string(), to_string(plan.executor.executor), plan.executor.why,
        plan.image_cached ? "cached" : "to be made", plan.image_why));
    Table table({"STEP", "STATE", "RECIPE", "WHAT", "WHY"});
    std::size_t number = 0;
    for (const imagebuilder::BuildPlanStep& step : plan.steps) {
        table.add_row({std::to_string(++number), std::string(to_string(step.state)), step.recipe,
                       step.name, step.why});
    }
    table.print(io.out);
    const auto to_run = std::count_if(plan.steps.begin(), plan.steps.end(), [](const auto& step) {
        return step.state == imagebuilder::StepState::run;
    });
    io.out << fmt::format("\n{} of {} steps to run\n", to_run, plan.steps.size());
}

}  // namespace cli
