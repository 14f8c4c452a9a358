// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/customize/mounted_root.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/process.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t kSectorBytes = 512;

// $1 options, $2 image, $3 mount point. os-release is read as data, never run; it may be a link,
// which must not lead to the host's.
constexpr const char* kLook = R"script(
mount -o "$1" "$2" "$3" || exit 32
cd "$3"
for file in usr/lib/os-release etc/os-release; do
    if [ -f "$file" ] && [ ! -L "$file" ]; then
        for program in apt-get dnf yum zypper apk pacman; do
            for folder in usr/bin bin usr/sbin sbin; do
                [ -x "$folder/$program" ] && echo "program $program" && break
            done
        done
        if [ -f etc/fstab ] && [ ! -L etc/fstab ]; then
            awk '$1 !~ /^#/ && NF >= 3 { print "mount", $2, $3 }' etc/fstab | head -n 50
        fi
        grep -E '^(ID|ID_LIKE|PRETTY_NAME|VERSION_CODENAME)=' "$file" | head -n 10
        exit 0
    fi
done
exit 33
)script";

std::string text_of_part(const MountablePart& part) {
    return part.number == 0 ? "the whole disk" : fmt::format("partition {}", part.number);
}

base::RunResult run_tool(std::vector<std::string> argv) {
    base::Command command;
    command.argv = std::move(argv);
    command.env = {{"LC_ALL", "C"}, {"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}};
    command.timeout = std::chrono::minutes(1);
    return base::run(command);
}

std::string probe_type(const fs::path& raw, const MountablePart& part) {
    const base::RunResult result = run_tool({"blkid", "-p", "-O", std::to_string(part.offset), "-s",
                                             "TYPE", "-o", "value", raw.string()});
    return result.out.substr(0, result.out.find('\n'));
}

std::string unquoted(const std::string& value) {
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        return value.substr(1, value.size() - 2);
    }
    return value;
}

// What a system in the root file system alone can do without.
bool is_minor_mount(const std::string& place, const std::string& type) {
    return place == "/" || !place.starts_with('/') || place == "/boot/efi" || place == "/efi" ||
           place.starts_with("/proc") || place.starts_with("/sys") || place.starts_with("/dev") ||
           place.starts_with("/run") || place.starts_with("/tmp") || place.starts_with("/media") ||
           place.starts_with("/mnt") || type == "swap" || type == "tmpfs" || type == "nfs" ||
           type == "nfs4" || type == "cifs" || type == "iso9660" || type == "udf,iso9660";
}

}  // namespace

void read_root_look(const std::string& text, RootSearch& search) {
    MountedRoot& root = *search.root;
    std::istringstream lines(text);
    std::vector<std::string> programs;
    for (std::string line; std::getline(lines, line);) {
        const std::string value = unquoted(line.substr(std::min(line.find('=') + 1, line.size())));
        std::istringstream words(line);
        std::string first;
        std::string second;
        std::string third;
        words >> first >> second >> third;
        if (first == "program") {
            programs.push_back(second);
        } else if (first == "mount") {
            if (!is_minor_mount(second, third)) {
                search.others.push_back(second);
            }
        } else if (line.starts_with("ID=")) {
            root.id = value;
        } else if (line.starts_with("PRETTY_NAME=")) {
            root.pretty_name = value;
        } else if (line.starts_with("VERSION_CODENAME=")) {
            root.codename = value;
        }
    }
    root.packages = choose_package_manager(text, programs);
}

std::vector<MountablePart> parse_disk_parts(const std::string& json) {
    const base::Json table =
        base::parse_json(json, "sfdisk's partition table").at("partitiontable");
    const std::uint64_t sector = table.value("sectorsize", kSectorBytes);
    std::vector<MountablePart> parts;
    for (const base::Json& entry : table.value("partitions", base::Json::array())) {
        const std::string node = base::require_string(entry, "node");
        const std::size_t digits = node.find_last_not_of("0123456789");
        MountablePart part;
        part.number = std::atoi(node.c_str() + digits + 1);
        part.offset = entry.at("start").get<std::uint64_t>() * sector;
        part.bytes = entry.at("size").get<std::uint64_t>() * sector;
        parts.push_back(part);
    }
    return parts;
}

RootSearch find_mounted_root(const fs::path& raw, const fs::path& mount_point) {
    const base::RunResult table = run_tool({"sfdisk", "--json", raw.string()});
    std::vector<MountablePart> parts;
    if (table.status == 0) {
        parts = parse_disk_parts(table.out);
    }
    if (parts.empty()) {
        parts = {{0, 0, base::file_size(raw)}};
    }
    // The system is seldom on a small one.
    std::stable_sort(
        parts.begin(), parts.end(),
        [](const MountablePart& a, const MountablePart& b) { return a.bytes > b.bytes; });
    RootSearch search;
    for (const MountablePart& part : parts) {
        const std::string type = probe_type(raw, part);
        if (type.empty()) {
            continue;
        }
        search.seen +=
            fmt::format("{}{} in {}", search.seen.empty() ? "" : ", ", type, text_of_part(part));
        const base::RunResult look =
            run_tool({"unshare", "--mount", "--propagation=private", "sh", "-c", kLook, "sh",
                      fmt::format("loop,ro,nodev,nosuid,offset={}{}", part.offset,
                                  type.starts_with("ext") ? ",noload" : ""),
                      raw.string(), mount_point.string()});
        if (look.status == 0) {
            search.root = MountedRoot{part, type, "", "", "", std::nullopt};
            read_root_look(look.out, search);
            return search;
        }
    }
    return search;
}

}  // namespace imagebuilder
