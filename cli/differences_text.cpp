// SPDX-License-Identifier: Apache-2.0
#include "cli/differences_text.h"

#include <fmt/format.h>

namespace cli {

namespace {

using base::cli::printable_line;
using ovfkit::Change;

std::string value_text(const Change& change) {
    switch (change.kind) {
        case Change::Kind::changed:
            return fmt::format(": {} -> {}", change.before.empty() ? "none" : change.before,
                               change.after.empty() ? "none" : change.after);
        case Change::Kind::added: return change.after.empty() ? "" : ": " + change.after;
        case Change::Kind::removed: break;
    }
    return change.before.empty() ? "" : ": " + change.before;
}

}  // namespace

void print_differences(const std::vector<Change>& changes, base::cli::Io& io) {
    const auto sign = [](Change::Kind kind) {
        return kind == Change::Kind::added ? '+' : kind == Change::Kind::removed ? '-' : '~';
    };
    std::string subject;
    for (const Change& change : changes) {
        const std::string value = printable_line(value_text(change));
        if (change.what.empty()) {  // the subject itself came or went
            io.out << fmt::format("{} {}{}\n", sign(change.kind), printable_line(change.subject),
                                  value);
            subject.clear();
            continue;
        }
        if (change.subject != subject) {
            subject = change.subject;
            io.out << fmt::format("{}\n", printable_line(subject));
        }
        io.out << fmt::format("  {} {}{}\n", sign(change.kind), printable_line(change.what), value);
    }
    if (changes.empty()) {
        io.out << "no differences\n";
    }
}

}  // namespace cli
