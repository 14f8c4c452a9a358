// SPDX-License-Identifier: Apache-2.0
#include "cli/lint_text.h"

#include <fmt/format.h>

namespace cli {

namespace {

using base::cli::printable_line;
using ovfkit::lint::Finding;
using ovfkit::lint::Level;
using ovfkit::lint::LintReport;
using ovfkit::lint::TargetSet;

std::string names_of(TargetSet targets) {
    if (targets == ovfkit::lint::kEveryone) {
        return "all";
    }
    std::string names;
    for (const ovfkit::lint::Target target : ovfkit::lint::kAllTargets) {
        if (targets.has(target)) {
            names += names.empty() ? "" : ", ";
            names += to_string(target);
        }
    }
    return names;
}

TargetSet with_level(const Finding& finding, Level level) {
    TargetSet targets;
    for (const ovfkit::lint::Target target : ovfkit::lint::kAllTargets) {
        if (finding.targets.has(target) && finding.levels.of(target) == level) {
            targets = targets | set_of(target);
        }
    }
    return targets;
}

// "proxmox", "error: proxmox; note: muster"; nothing when it is as bad for all that were asked for.
std::string levels_text(const Finding& finding, TargetSet asked) {
    if (with_level(finding, finding.level) == asked) {
        return "";
    }
    if (with_level(finding, finding.level) == finding.targets) {
        return names_of(finding.targets);
    }
    std::string text;
    for (const Level level : {Level::error, Level::warning, Level::note}) {
        const TargetSet targets = with_level(finding, level);
        if (!targets.empty()) {
            text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", to_string(level),
                                names_of(targets));
        }
    }
    return text;
}

// "shop.ova/shop.ovf:12:5", "shop.ova"
std::string place_of(const LintReport& report, const Finding& finding) {
    std::string place =
        printable_line(finding.file.empty() ? report.source : report.prefix + finding.file);
    if (finding.place.line > 0) {
        place += fmt::format(":{}:{}", finding.place.line, finding.place.column);
    }
    return place;
}

std::string counted(std::size_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

void print_lint(const LintReport& report, TargetSet targets, base::cli::Io& io) {
    for (const Finding& finding : report.findings) {
        io.out << fmt::format("{}: {} {}: {}", place_of(report, finding), to_string(finding.level),
                              finding.rule->id, printable_line(finding.text));
        const std::string for_whom = levels_text(finding, targets);
        if (!for_whom.empty()) {
            io.out << fmt::format(" [{}]", for_whom);
        }
        io.out << fmt::format("\n    {}\n", finding.rule->fix);
    }
    io.out << fmt::format("{}, {}, {} for {}\n", counted(report.count(Level::error), "error"),
                          counted(report.count(Level::warning), "warning"),
                          counted(report.count(Level::note), "note"), names_of(targets));
}

}  // namespace cli
