// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/services/unit_files.h"

#include <algorithm>
#include <array>

#include "assembler/introspect/system/text.h"

namespace assembler::introspect {

namespace {

using imagebuilder::TreeEntry;

constexpr std::size_t kMaxUnits = 10'000;
constexpr std::size_t kMaxDropIns = 100;
constexpr int kMaxAliases = 8;

bool is_unit_name(std::string_view name) {
    constexpr std::array<std::string_view, 5> kEndings{".service", ".socket", ".timer", ".target",
                                                       ".path"};
    return std::any_of(kEndings.begin(), kEndings.end(),
                       [&](std::string_view ending) { return name.ends_with(ending); });
}

// What these want is not started when the machine starts as usual.
bool is_unusual_target(std::string_view name) {
    constexpr std::array<std::string_view, 13> kUnusual{
        "initrd", "rescue",   "emergency", "system-update", "halt",    "poweroff", "reboot",
        "kexec",  "shutdown", "final",     "sleep",         "suspend", "hibernate"};
    return std::any_of(kUnusual.begin(), kUnusual.end(),
                       [&](std::string_view start) { return name.starts_with(start); });
}

struct UnitNameParts {
    std::string_view prefix;    // "app"
    std::string_view instance;  // "2"; empty for a template and for what is none
    std::string_view stem;      // "app@2"
};

UnitNameParts parts_of_unit(std::string_view name) {
    const std::string_view stem = name.substr(0, name.rfind('.'));
    const std::size_t at = stem.find('@');
    return {.prefix = stem.substr(0, at),
            .instance = at == std::string_view::npos ? std::string_view() : stem.substr(at + 1),
            .stem = stem};
}

// What systemd-escape wrote: '-' for '/', \x2d for a byte.
std::string unescaped(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '-') {
            plain += '/';
        } else if (text.substr(i).starts_with("\\x") && i + 3 < text.size()) {
            const auto digit = [](char c) {
                return c >= '0' && c <= '9' ? c - '0'
                       : (c | 0x20) >= 'a'  ? (c | 0x20) - 'a' + 10
                                            : 0;
            };
            plain += static_cast<char>((digit(text[i + 2]) * 16 + digit(text[i + 3])) & 0xff);
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

// The specifiers whose meaning does not depend on a running system; others stay.
std::string with_specifiers(std::string_view value, const std::string& name) {
    if (value.find('%') == std::string_view::npos) {
        return std::string(value);
    }
    const UnitNameParts parts = parts_of_unit(name);
    std::string text;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] != '%' || i + 1 == value.size()) {
            text += value[i];
            continue;
        }
        switch (value[++i]) {
            case '%': text += '%'; break;
            case 'i': text += parts.instance; break;
            case 'I': text += unescaped(parts.instance); break;
            case 'n': text += name; break;
            case 'N': text += parts.stem; break;
            case 'p': text += parts.prefix; break;
            case 't': text += "/run"; break;
            case 'S': text += "/var/lib"; break;
            case 'E': text += "/etc"; break;
            case 'L': text += "/var/log"; break;
            case 'C': text += "/var/cache"; break;
            default: (text += '%') += value[i];
        }
    }
    return text;
}

void merge_file(Unit& unit, const std::string& path, std::string_view text) {
    for (const IniEntry& entry : parse_ini(text)) {
        unit.can_be_enabled = unit.can_be_enabled || entry.section == "Install";
        std::vector<UnitValue>& values = unit.values[entry.section + "." + entry.key];
        if (entry.value.empty()) {
            values.clear();
            continue;
        }
        UnitValue value{.value = with_specifiers(entry.value, unit.name),
                        .file = path,
                        .line = entry.line,
                        .column = entry.column};
        if (value.value != entry.value) {
            value.column = 0;
        }
        values.push_back(std::move(value));
    }
}

std::string base_name(std::string_view path) {
    return std::string(path.substr(path.rfind('/') + 1));
}

}  // namespace

std::string template_of(const std::string& name) {
    const std::size_t at = name.find('@');
    const std::size_t dot = name.rfind('.');
    return at == std::string::npos || dot == std::string::npos || dot < at
               ? name
               : name.substr(0, at + 1) + name.substr(dot);
}

const std::vector<UnitValue>& Unit::all(const std::string& key) const {
    static const std::vector<UnitValue> kNone;
    const auto found = values.find(key);
    return found == values.end() ? kNone : found->second;
}

const UnitValue* Unit::find_last(const std::string& key) const {
    const std::vector<UnitValue>& every = all(key);
    return every.empty() ? nullptr : &every.back();
}

std::string Unit::last(const std::string& key) const {
    const UnitValue* value = find_last(key);
    return value == nullptr ? "" : value->value;
}

UnitFiles::UnitFiles(Reading& reading) : reading_(reading) {
    std::set<std::string> seen;
    for (const char* folder : {"/etc/systemd/system", "/usr/local/lib/systemd/system",
                               "/usr/lib/systemd/system", "/lib/systemd/system"}) {
        const auto real = reading.tree().resolve(folder);
        if (real && seen.insert(*real).second) {  // /lib may be /usr/lib
            index_folder(folder);
        }
    }
    for (const std::string& name : linked_) {
        if (!is_masked(name)) {
            enabled_.insert(real_name(name));
        }
    }
}

void UnitFiles::index_folder(const std::string& folder) {
    for (const TreeEntry& entry : reading_.list(folder)) {
        if (files_.size() + linked_.size() >= kMaxUnits) {
            reading_.remark("too many units; the rest was not read", {.file = folder});
            return;
        }
        const std::string path = folder + "/" + entry.name;
        if (entry.name.ends_with(".d")) {
            drop_in_folders_[entry.name.substr(0, entry.name.size() - 2)].push_back(path);
        } else if (entry.name.ends_with(".wants") || entry.name.ends_with(".requires")) {
            if (!is_unusual_target(entry.name)) {
                index_links(path);
            }
        } else if (is_unit_name(entry.name)) {
            index_entry(folder, entry);
        }
    }
}

void UnitFiles::index_entry(const std::string& folder, const TreeEntry& entry) {
    File file{.path = folder + "/" + entry.name};
    if (entry.type == TreeEntry::Type::symlink) {
        file.masked = entry.link_target == "/dev/null";
        const std::string target = base_name(entry.link_target);
        if (!file.masked && target != entry.name && target != template_of(entry.name) &&
            is_unit_name(target)) {
            file.alias_of = target;
            if (folder.starts_with("/etc/") && !files_.contains(entry.name)) {
                linked_.insert(entry.name);  // Alias= of a unit that was enabled
            }
        }
    } else if (entry.type == TreeEntry::Type::file) {
        file.masked = entry.size == 0;
    } else {
        return;
    }
    files_.try_emplace(entry.name, std::move(file));
}

void UnitFiles::index_links(const std::string& folder) {
    for (const TreeEntry& entry : reading_.list(folder)) {
        if (is_unit_name(entry.name) && entry.link_target != "/dev/null" &&
            linked_.size() < kMaxUnits) {
            linked_.insert(entry.name);
        }
    }
}

const UnitFiles::File* UnitFiles::find_file(const std::string& name) const {
    auto found = files_.find(name);
    if (found == files_.end()) {
        found = files_.find(template_of(name));
    }
    return found == files_.end() ? nullptr : &found->second;
}

std::string UnitFiles::real_name(const std::string& name) const {
    std::string real = name;
    for (int i = 0; i < kMaxAliases; ++i) {
        const File* file = find_file(real);
        if (file == nullptr || file->alias_of.empty()) {
            break;
        }
        real = file->alias_of;
    }
    return real;
}

std::string UnitFiles::path_of(const std::string& name) const {
    const File* file = find_file(real_name(name));
    return file == nullptr ? "" : file->path;
}

bool UnitFiles::is_masked(const std::string& name) const {
    const File* file = find_file(real_name(name));
    return file != nullptr && file->masked;
}

std::vector<std::string> UnitFiles::names(std::string_view ending) const {
    std::vector<std::string> names;
    for (const auto& [name, file] : files_) {
        if (name.ends_with(ending) && file.alias_of.empty() &&
            name.find("@.") == std::string::npos) {
            names.push_back(name);
        }
    }
    return names;
}

// The files in force, in their order: by name, of the same name the first folder's.
std::vector<std::string> UnitFiles::drop_ins_of(const std::string& name) const {
    std::vector<std::string> owners{name};
    if (template_of(name) != name) {
        owners.push_back(template_of(name));
    }
    const std::string ending = name.substr(name.rfind('.'));
    for (std::size_t dash = name.rfind('-'); dash != std::string::npos && dash > 0;
         dash = name.rfind('-', dash - 1)) {
        owners.push_back(name.substr(0, dash + 1) + ending);  // "app-.service.d"
    }
    owners.push_back(ending.substr(1));  // "service.d"
    std::map<std::string, std::string> by_file;
    for (const std::string& owner : owners) {
        const auto folders = drop_in_folders_.find(owner);
        if (folders == drop_in_folders_.end()) {
            continue;
        }
        for (const std::string& folder : folders->second) {
            for (const TreeEntry& entry : reading_.list(folder)) {
                if (entry.name.ends_with(".conf") && by_file.size() < kMaxDropIns) {
                    by_file.try_emplace(entry.name, entry.link_target == "/dev/null"
                                                        ? ""
                                                        : folder + "/" + entry.name);
                }
            }
        }
    }
    std::vector<std::string> paths;
    for (const auto& [file, path] : by_file) {
        if (!path.empty()) {
            paths.push_back(path);
        }
    }
    return paths;
}

std::optional<Unit> UnitFiles::find(const std::string& name) const {
    const std::string real = real_name(name);
    const File* file = find_file(real);
    if (file == nullptr || file->masked) {
        return std::nullopt;
    }
    const auto text = reading_.text(file->path);
    if (!text) {
        return std::nullopt;
    }
    Unit unit{.name = real, .file = file->path};
    merge_file(unit, file->path, *text);
    for (const std::string& path : drop_ins_of(real)) {
        if (const auto more = reading_.text(path)) {
            merge_file(unit, path, *more);
        }
    }
    return unit;
}

}  // namespace assembler::introspect
