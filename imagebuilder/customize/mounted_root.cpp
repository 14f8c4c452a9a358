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
        [ -x usr/bin/apt-get ] && echo "apt"
        grep -E '^(ID|PRETTY_NAME|VERSION_CODENAME)=' "$file" | head -n 10
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

void read_look(const std::string& text, MountedRoot& root) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const std::string value = unquoted(line.substr(std::min(line.find('=') + 1, line.size())));
        if (line == "apt") {
            root.has_apt = true;
        } else if (line.starts_with("ID=")) {
            root.id = value;
        } else if (line.starts_with("PRETTY_NAME=")) {
            root.pretty_name = value;
        } else if (line.starts_with("VERSION_CODENAME=")) {
            root.codename = value;
        }
    }
}

}  // namespace

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

MountedRoot find_mounted_root(const fs::path& raw, const fs::path& mount_point) {
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
    std::string seen;
    for (const MountablePart& part : parts) {
        const std::string type = probe_type(raw, part);
        if (type.empty()) {
            continue;
        }
        seen += fmt::format("{}{} in {}", seen.empty() ? "" : ", ", type, text_of_part(part));
        const base::RunResult look =
            run_tool({"unshare", "--mount", "--propagation=private", "sh", "-c", kLook, "sh",
                      fmt::format("loop,ro,nodev,nosuid,offset={}{}", part.offset,
                                  type.starts_with("ext") ? ",noload" : ""),
                      raw.string(), mount_point.string()});
        if (look.status == 0) {
            MountedRoot root{part, type, "", "", "", false};
            read_look(look.out, root);
            return root;
        }
    }
    throw Error(ErrorKind::unsupported,
                fmt::format("no Linux system that can be mounted here is in the image ({})",
                            seen.empty() ? "no file system at all" : "there is " + seen),
                "systems on LVM, LUKS or file systems of other kernels are not for this way");
}

}  // namespace imagebuilder
