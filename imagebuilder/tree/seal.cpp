// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/seal.h"

#include <span>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "imagebuilder/tree/seal_rules.h"

namespace imagebuilder {

namespace {

std::string script_of(std::span<const TreeRule> rules) {
    std::string script;
    for (const TreeRule& rule : rules) {
        switch (rule.what) {
            case What::remove: script += fmt::format("rm -rf -- /{}\n", rule.pattern); break;
            case What::remove_files:
                script += fmt::format("find /{} -type f -exec rm -f {{}} + 2>/dev/null || :\n",
                                      rule.pattern);
                break;
            case What::root_owned:
                script += fmt::format("[ ! -d /{0} ] || chown root:root /{0}\n", rule.pattern);
                break;
            case What::empty:
                script += fmt::format("[ -L /{0} ] || : >/{0}\n", rule.pattern);
                break;
        }
    }
    return script;
}

// Prints what is still there, one path a line.
std::string identity_script() {
    std::string script = fmt::format("[ ! -s /{0} ] || echo /{0}\nfor path in", kMachineId);
    for (const std::string_view pattern : kIdentities) {
        script += fmt::format(" /{}", pattern);
    }
    return script +
           "; do\n"
           "    if [ -e \"$path\" ] && [ ! -L \"$path\" ]; then\n"
           "        echo \"$path\"\n"
           "    fi\n"
           "done\n";
}

}  // namespace

void clean_tree(const StepContext& context) {
    run_script(context, script_of(kCleanRules), {}, "clean up");
}

void seal_tree(const StepContext& context) {
    run_script(context, script_of(kSealRules), {}, "seal");
    std::istringstream lines(run_script(context, identity_script(), {}, "look for identities"));
    std::vector<std::string> left;
    for (std::string line; std::getline(lines, line);) {
        left.push_back(line);
    }
    require_no_identity(left, kIdentityHint);
}

void require_no_identity(const std::vector<std::string>& left, const std::string& hint) {
    if (!left.empty()) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("the image would give every machine the same identity: {}",
                                      fmt::join(left, ", ")),
                          hint);
    }
}

}  // namespace imagebuilder
