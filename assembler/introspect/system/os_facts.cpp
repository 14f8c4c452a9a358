// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/os_facts.h"

#include <algorithm>
#include <array>

#include "assembler/introspect/system/text.h"
#include "imagebuilder/system/os_release.h"

namespace assembler::introspect {

namespace {

using imagebuilder::TreeEntry;

constexpr std::uint64_t kMaxProgramBytes = std::uint64_t{16} << 20U;

void read_release(Reading& reading) {
    OperatingSystem& os = reading.facts().os;
    for (const char* path : {"/etc/os-release", "/usr/lib/os-release"}) {
        const auto text = reading.text(path);
        if (!text) {
            continue;
        }
        const imagebuilder::OsReleaseFields fields = imagebuilder::read_os_release(*text);
        os.id = fields.id;
        os.version_id = fields.version_id;
        os.pretty_name = fields.pretty_name;
        if (!os.id.empty()) {
            os.evidence = {.file = path, .line = fields.id_line};
            return;
        }
    }
    reading.remark("there is no os-release: the distribution is not known");
}

// Of what the kernel of a program's machine is, by e_machine of its ELF header.
std::string architecture_of_program(const imagebuilder::FileTree& tree) {
    struct Known {
        unsigned machine;
        unsigned bits;  // EI_CLASS: 1 is 32 bits, 2 is 64
        const char* name;
    };
    static constexpr std::array<Known, 7> kKnown{{{62, 2, "amd64"},
                                                  {183, 2, "arm64"},
                                                  {3, 1, "i386"},
                                                  {40, 1, "armhf"},
                                                  {21, 2, "ppc64el"},
                                                  {22, 2, "s390x"},
                                                  {243, 2, "riscv64"}}};
    for (const char* path : {"/bin/sh", "/bin/busybox", "/sbin/init"}) {
        std::string bytes;
        try {
            bytes = tree.read(path, kMaxProgramBytes);
        } catch (const base::Error&) {
            continue;  // not there, or not readable: the next one may be
        }
        if (bytes.size() < 20 || !bytes.starts_with("\x7f"
                                                    "ELF")) {
            continue;
        }
        const auto byte = [&](std::size_t at) {
            return static_cast<unsigned>(static_cast<unsigned char>(bytes[at]));
        };
        const bool big_endian = byte(5) == 2;
        const unsigned machine = big_endian ? byte(18) << 8U | byte(19) : byte(19) << 8U | byte(18);
        for (const Known& known : kKnown) {
            if (known.machine == machine && known.bits == byte(4)) {
                return known.name;
            }
        }
    }
    return "";
}

std::string find_architecture(Reading& reading) {
    for (const PackageFact& package : reading.facts().packages) {
        if (package.name == "dpkg" || package.name == "base-files") {
            if (package.architecture != "all" && !package.architecture.empty()) {
                return package.architecture;
            }
        }
    }
    if (const auto text = reading.text("/var/lib/dpkg/arch")) {
        const auto lines = statements_of(*text);
        if (!lines.empty()) {
            return std::string(lines.front().text);
        }
    }
    return architecture_of_program(reading.tree());
}

std::string find_hostname(Reading& reading) {
    if (const auto text = reading.text("/etc/hostname")) {
        for (const Line& line : statements_of(*text)) {
            return std::string(words_of(line.text).front());
        }
    }
    return "";
}

std::string find_timezone(Reading& reading) {
    constexpr std::string_view kZones = "/zoneinfo/";
    const auto link = reading.tree().find("/etc/localtime");
    if (link && link->type == TreeEntry::Type::symlink) {
        const std::size_t at = link->link_target.find(kZones);
        if (at != std::string::npos) {
            return link->link_target.substr(at + kZones.size());
        }
    }
    if (const auto text = reading.text("/etc/timezone")) {
        const auto lines = statements_of(*text);
        return lines.empty() ? "" : std::string(lines.front().text);
    }
    return "";
}

std::string find_init(Reading& reading) {
    const imagebuilder::FileTree& tree = reading.tree();
    if (const auto init = tree.resolve("/sbin/init")) {
        for (const char* name : {"systemd", "busybox", "openrc-init", "runit-init", "upstart"}) {
            if (init->ends_with(std::string("/") + name)) {
                return std::string(name).substr(0, std::string_view(name).find('-'));
            }
        }
        if (tree.find("/etc/runlevels") && tree.resolve("/sbin/openrc")) {
            return "openrc";
        }
        return tree.find("/etc/inittab") || tree.find("/etc/init.d") ? "sysv" : "";
    }
    return tree.resolve("/usr/lib/systemd/systemd") || tree.resolve("/lib/systemd/systemd")
               ? "systemd"
               : "";
}

std::string find_kernel(Reading& reading) {
    constexpr std::string_view kPrefix = "vmlinuz-";
    std::string newest;
    for (const TreeEntry& entry : reading.list("/boot")) {
        const std::string_view name = entry.name;
        if (name.starts_with(kPrefix) && is_older(newest, name.substr(kPrefix.size()))) {
            newest = name.substr(kPrefix.size());
        }
    }
    if (newest.empty()) {
        for (const TreeEntry& entry : reading.list("/lib/modules")) {
            newest = is_older(newest, entry.name) ? entry.name : newest;
        }
    }
    return newest;
}

}  // namespace

void read_operating_system(Reading& reading) {
    OperatingSystem& os = reading.facts().os;
    read_release(reading);
    os.architecture = find_architecture(reading);
    os.hostname = find_hostname(reading);
    os.timezone = find_timezone(reading);
    os.init = find_init(reading);
    os.kernel = find_kernel(reading);
}

void read_mounts(Reading& reading) {
    constexpr std::string_view kPath = "/etc/fstab";
    const auto text = reading.text(kPath);
    for (const Line& line : text ? statements_of(*text) : std::vector<Line>()) {
        const auto words = words_of(line.text);
        const Evidence evidence{.file = std::string(kPath), .line = line.number};
        if (words.size() < 3) {
            reading.remark("a line with less than three words", evidence);
            continue;
        }
        reading.facts().mounts.push_back({.device = std::string(words[0]),
                                          .point = std::string(words[1]),
                                          .type = std::string(words[2]),
                                          .options = std::string(words.size() > 3 ? words[3] : ""),
                                          .evidence = evidence});
    }
}

void read_hosts(Reading& reading) {
    constexpr std::string_view kPath = "/etc/hosts";
    const auto text = reading.text(kPath);
    for (const Line& line : text ? statements_of(*text) : std::vector<Line>()) {
        const auto words = words_of(split(line.text, '#').front());
        if (words.size() < 2) {
            continue;
        }
        reading.facts().hosts.push_back(
            {.address = std::string(words.front()),
             .names = std::vector<std::string>(words.begin() + 1, words.end()),
             .evidence = {.file = std::string(kPath), .line = line.number}});
    }
}

void read_resolver(Reading& reading) {
    const auto add = [](std::vector<std::string>& to, std::string_view word) {
        if (std::find(to.begin(), to.end(), word) == to.end()) {
            to.emplace_back(word);
        }
    };
    MachineFacts& facts = reading.facts();
    const auto text = reading.text("/etc/resolv.conf");
    for (const Line& line : text ? statements_of(*text) : std::vector<Line>()) {
        const auto words = words_of(line.text);
        for (std::size_t i = 1; i < words.size(); ++i) {
            if (words[0] == "nameserver" && i == 1) {
                add(facts.nameservers, words[i]);
            } else if (words[0] == "search" || words[0] == "domain") {
                add(facts.search_domains, words[i]);
            }
        }
    }
    const auto resolved = reading.text("/etc/systemd/resolved.conf");
    for (const IniEntry& entry : resolved ? parse_ini(*resolved) : std::vector<IniEntry>()) {
        for (const std::string_view word : words_of(entry.value)) {
            if (entry.key == "DNS") {
                add(facts.nameservers, word);
            } else if (entry.key == "Domains") {
                add(facts.search_domains, word);
            }
        }
    }
}

}  // namespace assembler::introspect
