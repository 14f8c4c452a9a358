// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/cron.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "assembler/introspect/system/text.h"

namespace assembler::introspect {

namespace {

using imagebuilder::TreeEntry;

constexpr std::size_t kMaxJobs = 2000;

// cron takes no other names: backups of editors and dpkg stay out.
bool is_cron_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    });
}

// "MAILTO=root": what stands before the '=' is one word of letters.
bool is_assignment(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
        return false;
    }
    const std::string_view name = trimmed(line.substr(0, equals));
    const char first = name.empty() ? '0' : name.front();
    return is_cron_name(name) && !(first >= '0' && first <= '9');
}

// Cuts the first `count` words off `text` and gives them with single blanks.
std::string take_words(std::string_view& text, int count) {
    std::string words;
    for (int i = 0; i < count; ++i) {
        text = trimmed(text);
        const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
        words += (i > 0 ? " " : "") + std::string(text.substr(0, end));
        text.remove_prefix(end);
    }
    text = trimmed(text);
    return words;
}

bool has_cron(const imagebuilder::FileTree& tree) {
    constexpr std::array<const char*, 6> kPrograms{"/usr/sbin/cron",         "/usr/sbin/crond",
                                                   "/usr/sbin/fcron",        "/usr/sbin/anacron",
                                                   "/usr/sbin/systemd-cron", "/usr/bin/crond"};
    return std::any_of(kPrograms.begin(), kPrograms.end(),
                       [&](const char* path) { return tree.resolve(path).has_value(); });
}

class CronReader {
  public:
    CronReader(Reading& reading, const PackageDatabase& packages)
        : reading_(reading), packages_(packages) {}

    std::vector<ScheduledJob> read() {
        add_table("/etc/crontab", "");
        for (const TreeEntry& entry : reading_.list("/etc/cron.d")) {
            if (is_cron_name(entry.name)) {
                add_table("/etc/cron.d/" + entry.name, "");
            }
        }
        for (const char* folder : {"/var/spool/cron/crontabs/", "/var/spool/cron/"}) {
            for (const TreeEntry& entry : reading_.list(folder)) {
                if (entry.type == TreeEntry::Type::file) {
                    add_table(folder + entry.name, entry.name);
                }
            }
        }
        add_folders();
        return std::move(jobs_);
    }

  private:
    void add_table(const std::string& path, const std::string& user) {
        const auto text = reading_.text(path);
        if (!text) {
            return;
        }
        const std::string package(packages_.package_of(path));
        for (ScheduledJob& job : parse_crontab(*text, path, user)) {
            // /etc/crontab itself starts the folders, which are listed one by one.
            const bool runs_folder = job.command.find("run-parts") != std::string::npos ||
                                     job.command.find("anacron") != std::string::npos;
            if (!(path == "/etc/crontab" && runs_folder) && jobs_.size() < kMaxJobs) {
                job.package = package;
                jobs_.push_back(std::move(job));
            }
        }
    }

    void add_folders() {
        for (const char* often : {"hourly", "daily", "weekly", "monthly"}) {
            const std::string folder = std::string("/etc/cron.") + often;
            for (const TreeEntry& entry : reading_.list(folder)) {
                const std::string path = folder + "/" + entry.name;
                if (is_cron_name(entry.name) && entry.type != TreeEntry::Type::directory &&
                    jobs_.size() < kMaxJobs) {
                    jobs_.push_back({.schedule = std::string("@") + often,
                                     .user = "root",
                                     .command = path,
                                     .evidence = {.file = path},
                                     .package = std::string(packages_.package_of(path))});
                }
            }
        }
    }

    Reading& reading_;
    const PackageDatabase& packages_;
    std::vector<ScheduledJob> jobs_;
};

}  // namespace

std::vector<ScheduledJob> parse_crontab(std::string_view text, const std::string& path,
                                        const std::string& user) {
    std::vector<ScheduledJob> jobs;
    for (const Line& line : statements_of(text)) {
        if (is_assignment(line.text) || jobs.size() >= kMaxJobs) {
            continue;
        }
        ScheduledJob job{.user = user, .evidence = {.file = path, .line = line.number}};
        std::string_view left = line.text;
        job.schedule = take_words(left, left.front() == '@' ? 1 : 5);
        if (user.empty()) {
            job.user = take_words(left, 1);
        }
        job.command = left;
        if (!job.command.empty()) {
            jobs.push_back(std::move(job));
        }
    }
    return jobs;
}

void read_cron(Reading& reading, const PackageDatabase& packages) {
    const std::vector<ScheduledJob> jobs = CronReader(reading, packages).read();
    if (has_cron(reading.tree())) {
        std::vector<ScheduledJob>& all = reading.facts().jobs;
        all.insert(all.end(), jobs.begin(), jobs.end());
        return;
    }
    const auto own = std::find_if(jobs.begin(), jobs.end(),
                                  [](const ScheduledJob& job) { return job.package.empty(); });
    if (own != jobs.end()) {
        reading.remark("there is no cron that would run this job", own->evidence);
    }
}

}  // namespace assembler::introspect
