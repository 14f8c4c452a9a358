// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_cache.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/byte_size.h"
#include "base/error.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "imagebuilder/cache/cache.h"

namespace cli {

namespace {

using imagebuilder::CacheEntry;
using imagebuilder::CacheKind;

constexpr std::chrono::hours kDefaultAge{30 * 24};

// Packages of one release are one line.
struct CacheLine {
    CacheEntry entry;
    std::size_t files = 1;
};

std::vector<CacheLine> cache_lines(const std::vector<CacheEntry>& entries) {
    std::vector<CacheLine> lines;
    std::map<std::pair<CacheKind, std::string>, std::size_t> groups;
    for (const CacheEntry& entry : entries) {
        const auto group = std::pair(entry.kind, entry.group);
        const auto known = groups.find(group);
        if (!entry.group.empty() && known != groups.end()) {
            CacheLine& line = lines[known->second];
            line.entry.bytes += entry.bytes;
            line.entry.last_use = std::max(line.entry.last_use, entry.last_use);
            ++line.files;
            continue;
        }
        if (!entry.group.empty()) {
            groups[group] = lines.size();
        }
        lines.push_back({entry});
        if (!entry.group.empty()) {
            lines.back().entry.name = entry.group;
        }
    }
    return lines;
}

std::uint64_t sum_of(const std::vector<CacheEntry>& entries) {
    std::uint64_t bytes = 0;
    for (const CacheEntry& entry : entries) {
        bytes += entry.bytes;
    }
    return bytes;
}

base::Json cache_lines_to_json(const std::vector<CacheEntry>& entries) {
    base::Json json = base::Json::array();
    for (const CacheLine& line : cache_lines(entries)) {
        json.push_back({{"kind", to_string(line.entry.kind)},
                        {"name", line.entry.name},
                        {"what_for", line.entry.what_for},
                        {"bytes", line.entry.bytes},
                        {"files", line.files},
                        {"last_use", line.entry.last_use}});
    }
    return json;
}

void print_cache_lines(const std::vector<CacheEntry>& entries, base::cli::Io& io) {
    Table table({"KIND", "NAME", "SIZE", "LAST USE", "WHAT FOR"});
    const std::int64_t now = std::time(nullptr);
    for (const CacheLine& line : cache_lines(entries)) {
        constexpr std::size_t kShort = 16;
        const std::string age = format_seconds(
            static_cast<double>(std::max<std::int64_t>(now - line.entry.last_use, 0)));
        table.add_row({std::string(to_string(line.entry.kind)), line.entry.name.substr(0, kShort),
                       base::format_byte_size(line.entry.bytes), age + " ago",
                       line.files > 1
                           ? fmt::format("{} ({} files)", line.entry.what_for, line.files)
                           : line.entry.what_for});
    }
    if (!table.empty()) {
        table.print(io.out);
    }
}

imagebuilder::PrunePolicy prune_policy(const CachePruneOptions& options) {
    imagebuilder::PrunePolicy policy;
    policy.all = options.all;
    const auto as_usage = [](const auto& parse) {
        try {
            return parse();
        } catch (const base::Error& error) {
            throw base::Error(base::ErrorKind::usage, error.message(), error.hint());
        }
    };
    if (!options.older_than.empty()) {
        policy.older_than = std::chrono::seconds(
            as_usage([&] { return base::parse_duration_ms(options.older_than); }) / 1000);
    }
    if (!options.max_size.empty()) {
        policy.max_bytes = as_usage([&] { return base::parse_byte_size(options.max_size); });
    }
    if (!policy.older_than && !policy.max_bytes && !policy.all) {
        policy.older_than = kDefaultAge;
    }
    return policy;
}

}  // namespace

int run_cache_ls(base::cli::Io& io) {
    const std::vector<CacheEntry> entries = imagebuilder::list_cache();
    if (io.json) {
        io.out << base::to_json_text(base::Json{{"bytes", sum_of(entries)},
                                                {"entries", cache_lines_to_json(entries)}},
                                     2)
               << "\n";
        return 0;
    }
    print_cache_lines(entries, io);
    io.out << fmt::format("{}{} in all\n", entries.empty() ? "" : "\n",
                          base::format_byte_size(sum_of(entries)));
    return 0;
}

int run_cache_prune(const CachePruneOptions& options, base::cli::Io& io) {
    const imagebuilder::PruneResult result =
        imagebuilder::prune_cache(prune_policy(options), options.dry_run);
    if (io.json) {
        io.out << base::to_json_text(base::Json{{"dry_run", options.dry_run},
                                                {"removed_bytes", result.removed_bytes},
                                                {"kept_bytes", result.kept_bytes},
                                                {"removed", cache_lines_to_json(result.removed)}},
                                     2)
               << "\n";
        return 0;
    }
    print_cache_lines(result.removed, io);
    io.out << fmt::format("{}{} {}, {} left\n", result.removed.empty() ? "" : "\n",
                          base::format_byte_size(result.removed_bytes),
                          options.dry_run ? "would be freed" : "freed",
                          base::format_byte_size(result.kept_bytes));
    return 0;
}

void add_cache(CLI::App& app, Chosen& chosen) {
    CLI::App* verb = app.add_subcommand("cache", "show or prune what builds keep");
    verb->require_subcommand(1);
    CLI::App* ls = verb->add_subcommand("ls", "list layers, images and packages");
    ls->footer(
        "EXIT STATUS: 0 listed.\n\n"
        "EXAMPLE: muster cache ls");
    ls->callback([&chosen] { chosen.run = [](base::cli::Io& io) { return run_cache_ls(io); }; });

    auto options = std::make_shared<CachePruneOptions>();
    CLI::App* prune = verb->add_subcommand("prune", "remove what was not used for long");
    prune
        ->add_option("--older-than", options->older_than,
                     "what was not used for this time, such as 30d or 12h (default without any "
                     "option: 30d)")
        ->type_name("TIME");
    prune
        ->add_option("--max-size", options->max_size,
                     "then what was used least recently, until no more than this is left, such as "
                     "10GiB")
        ->type_name("SIZE");
    prune->add_flag("--all", options->all, "everything");
    prune->add_flag("--dry-run", options->dry_run, "only say what would go");
    prune->footer(
        "What goes is made or fetched again by the next build that needs it. Leftovers of killed\n"
        "builds go in any case. While a build runs nothing is removed.\n\n"
        "EXIT STATUS: 0 done; 2 not a time or size; 7 a build runs.\n\n"
        "EXAMPLE: muster cache prune --older-than 14d --max-size 10GiB");
    prune->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_cache_prune(*options, io); };
    });
}

}  // namespace cli
