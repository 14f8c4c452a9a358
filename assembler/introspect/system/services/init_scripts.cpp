// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "assembler/introspect/system/services/services.h"
#include "assembler/introspect/system/text.h"

namespace assembler::introspect {

namespace {

using imagebuilder::TreeEntry;

// "nginx" of "S03nginx"; empty for what does not start anything.
std::string_view started_script(std::string_view link) {
    const bool is_start = link.size() > 3 && link[0] == 'S' && link[1] >= '0' && link[1] <= '9' &&
                          link[2] >= '0' && link[2] <= '9';
    return is_start ? link.substr(3) : std::string_view();
}

// The runlevels that the machine is in when it is up: of inittab's initdefault, Debian's 2 to 5
// where systemd or nothing says.
std::vector<std::string> usual_runlevels(Reading& reading, bool is_systemd) {
    const auto text = is_systemd ? std::nullopt : reading.text("/etc/inittab");
    for (const Line& line : text ? statements_of(*text) : std::vector<Line>()) {
        const auto fields = split(line.text, ':');
        if (fields.size() >= 3 && fields[2] == "initdefault" && fields[1].size() == 1) {
            return {std::string(fields[1])};
        }
    }
    return {"2", "3", "4", "5"};
}

std::set<std::string> started_scripts(Reading& reading, bool is_systemd) {
    std::set<std::string> started;
    for (const std::string& level : usual_runlevels(reading, is_systemd)) {
        for (const char* folder : {"/etc/rc", "/etc/rc.d/rc"}) {
            for (const TreeEntry& entry : reading.list(folder + level + ".d")) {
                started.emplace(started_script(entry.name));
            }
        }
    }
    for (const TreeEntry& entry : reading.list("/etc/runlevels/default")) {  // OpenRC
        started.insert(entry.name);
    }
    started.erase("");
    return started;
}

// DAEMON=/usr/sbin/nginx, command="/usr/sbin/nginx": the first of them.
void find_program(Reading& reading, ServiceFact& fact) {
    const auto text = reading.text(fact.evidence.file);
    for (const Line& line : text ? statements_of(*text) : std::vector<Line>()) {
        const std::size_t equals = line.text.find('=');
        const std::string_view key = line.text.substr(0, equals);
        if (equals != std::string_view::npos && (key == "DAEMON" || key == "command") &&
            fact.program.empty()) {
            const std::vector<std::string> words = shell_words(line.text.substr(equals + 1));
            if (!words.empty() && words.front().starts_with('/')) {
                fact.program = words.front();
                fact.evidence.line = line.number;
            }
        } else if (key == "command_user" && fact.user.empty()) {
            const std::string_view user = unquoted(line.text.substr(equals + 1));
            fact.user = user.substr(0, user.find(':'));
        }
    }
    if (fact.program.empty()) {
        fact.program = fact.evidence.file;
    }
    fact.command_line = fact.evidence.file + " start";
}

}  // namespace

void read_init_scripts(Reading& reading, const PackageDatabase& packages, const UnitFiles* units) {
    const std::set<std::string> started = started_scripts(reading, units != nullptr);
    for (const TreeEntry& entry : reading.list("/etc/init.d")) {
        const std::string unit = entry.name + ".service";
        const bool is_script = entry.type == TreeEntry::Type::file &&
                               (entry.permissions & 0111U) != 0 && entry.name != "rc" &&
                               entry.name != "rcS" && entry.name != "skeleton";
        if (!is_script || (units != nullptr && units->is_known(unit))) {
            continue;
        }
        ServiceFact fact{.unit = unit, .enabled = started.contains(entry.name)};
        fact.evidence.file = "/etc/init.d/" + entry.name;
        fact.package = packages.package_of(fact.evidence.file);
        fact.base = packages.is_base(fact.package);
        if (!fact.enabled && units != nullptr && !fact.package.empty()) {
            continue;
        }
        find_program(reading, fact);
        reading.facts().services.push_back(std::move(fact));
    }
}

}  // namespace assembler::introspect
