// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/users.h"

#include <map>

#include <fmt/format.h>

#include "assembler/introspect/system/text.h"

namespace assembler::introspect {

namespace {

constexpr std::size_t kMaxUsers = 10'000;
constexpr std::uint32_t kFirstOrdinaryUid = 1000;
constexpr std::uint32_t kNobody = 65534;

struct GroupsOfMachine {
    std::map<std::uint32_t, std::string> by_gid;
    std::map<std::string, std::vector<std::string>, std::less<>> of_user;
};

GroupsOfMachine read_groups(Reading& reading) {
    GroupsOfMachine groups;
    const auto text = reading.text("/etc/group");
    for (const Line& line : text ? statements_of(*text) : std::vector<Line>()) {
        const auto fields = split(line.text, ':');
        const auto gid = fields.size() == 4 ? find_number(fields[2]) : std::nullopt;
        if (!gid || groups.by_gid.size() >= kMaxUsers) {
            continue;
        }
        const std::string name(fields[0]);
        groups.by_gid.try_emplace(*gid, name);
        for (const std::string_view member : split(fields[3], ',')) {
            if (!member.empty()) {
                groups.of_user[std::string(member)].push_back(name);
            }
        }
    }
    return groups;
}

// The second field of shadow (or passwd) by user.
std::map<std::string, std::string, std::less<>> read_password_fields(Reading& reading) {
    std::map<std::string, std::string, std::less<>> passwords;
    const auto text = reading.text("/etc/shadow");
    for (const Line& line : text ? statements_of(*text) : std::vector<Line>()) {
        const auto fields = split(line.text, ':');
        if (fields.size() >= 2 && passwords.size() < kMaxUsers) {
            passwords.try_emplace(std::string(fields[0]), fields[1]);
        }
    }
    return passwords;
}

int count_keys(Reading& reading, const std::string& home) {
    int count = 0;
    for (const char* file : {"/.ssh/authorized_keys", "/.ssh/authorized_keys2"}) {
        const auto text = home.size() > 1 ? reading.text(home + file) : std::nullopt;
        count += text ? static_cast<int>(statements_of(*text).size()) : 0;
    }
    return count;
}

}  // namespace

void read_users(Reading& reading) {
    constexpr std::string_view kPath = "/etc/passwd";
    const GroupsOfMachine groups = read_groups(reading);
    const auto passwords = read_password_fields(reading);
    const auto text = reading.text(kPath);
    for (const Line& line : text ? statements_of(*text) : std::vector<Line>()) {
        const auto fields = split(line.text, ':');
        const Evidence evidence{.file = std::string(kPath), .line = line.number};
        const auto uid = fields.size() == 7 ? find_number(fields[2]) : std::nullopt;
        const auto gid = fields.size() == 7 ? find_number(fields[3]) : std::nullopt;
        if (!uid || !gid) {
            if (line.text.front() != '+' && line.text.front() != '-') {  // NIS
                reading.remark("a line that names no user", evidence);
            }
            continue;
        }
        if (reading.facts().users.size() >= kMaxUsers) {
            reading.remark("too many users; the rest is left out", evidence);
            return;
        }
        UserFact user{.name = std::string(fields[0]),
                      .uid = *uid,
                      .home = std::string(fields[5]),
                      .shell = std::string(fields[6]),
                      .system = *uid < kFirstOrdinaryUid || *uid == kNobody,
                      .evidence = evidence};
        if (const auto own = groups.by_gid.find(*gid); own != groups.by_gid.end()) {
            user.groups.push_back(own->second);
        }
        if (const auto more = groups.of_user.find(user.name); more != groups.of_user.end()) {
            user.groups.insert(user.groups.end(), more->second.begin(), more->second.end());
        }
        const auto shadow = passwords.find(user.name);
        const std::string_view hash = shadow == passwords.end() ? fields[1] : shadow->second;
        if (hash.empty()) {
            reading.remark(fmt::format("'{}' needs no password to log in", user.name), evidence);
        }
        // '!' and '*' lock; "x" says that shadow has it, which then has no such user.
        user.has_password = hash.size() > 1 && hash.front() != '!' && hash.front() != '*';
        user.authorized_keys = count_keys(reading, user.home);
        reading.facts().users.push_back(std::move(user));
    }
}

}  // namespace assembler::introspect
