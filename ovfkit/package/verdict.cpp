// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/verdict.h"

#include <algorithm>

#include <fmt/format.h>

#include "ovfkit/package/tar/member_name.h"

namespace ovfkit {

void Verdict::fail(const std::string& text, const std::string& hint, base::ErrorKind kind) {
    if (!policy_.collect_failures) {
        throw base::Error(kind, fmt::format("{}: {}", quoted_source(report_.source), text), hint);
    }
    if (std::find(report_.failures.begin(), report_.failures.end(), text) ==
        report_.failures.end()) {
        report_.failures.push_back(text);
    }
}

void Verdict::flaw(const std::string& code, const std::string& text) {
    if (policy_.lax) {
        note(code, text);
        return;
    }
    const std::size_t before = report_.failures.size();
    fail(text, kLaxHint);
    report_.flaws += report_.failures.size() - before;
}

void Verdict::note(const std::string& code, const std::string& text) {
    report_.findings.push_back({code, text});
}

}  // namespace ovfkit
