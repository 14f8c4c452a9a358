// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/evidence/lock_file.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;
using base::Json;

constexpr int kLockVersion = 1;
constexpr std::size_t kSha256Digits = 64;

[[noreturn]] void refuse_lock(const std::string& name, const std::string& why) {
    throw Error(ErrorKind::invalid_input, fmt::format("lock file '{}': {}", name, why),
                "make it anew: muster build RECIPE --lock FILE");
}

void require_sha256(const std::string& name, const std::string& of, const std::string& digest) {
    const bool is_hex = std::all_of(digest.begin(), digest.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    });
    if (digest.size() != kSha256Digits || !is_hex) {
        refuse_lock(name, fmt::format("the digest of '{}' is no SHA-256", of));
    }
}

// Names and versions end up in file names and in apt's files.
void require_word(const std::string& name, const std::string& word) {
    const bool fine = !word.empty() && word.front() != '.' && word.front() != '-' &&
                      std::all_of(word.begin(), word.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                 (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' ||
                                 c == ':' || c == '~';
                      });
    if (!fine) {
        refuse_lock(name, fmt::format("'{}' is no name or version of a package", word));
    }
}

InstalledPackage parse_locked_package(const Json& entry, const std::string& name) {
    InstalledPackage package;
    package.name = base::require_string(entry, "name");
    package.version = base::require_string(entry, "version");
    package.architecture = base::require_string(entry, "architecture");
    package.source = base::string_or(entry, "source", "");
    package.priority = base::string_or(entry, "priority", "optional");
    package.filename = base::require_string(entry, "filename");
    package.sha256 = base::require_string(entry, "sha256");
    for (const std::string* word :
         {&package.name, &package.version, &package.architecture, &package.priority}) {
        require_word(name, *word);
    }
    if (package.filename.find("..") != std::string::npos || package.filename.starts_with('/')) {
        refuse_lock(name, fmt::format("'{}' is no file below an archive", package.filename));
    }
    require_sha256(name, package.name, package.sha256);
    return package;
}

}  // namespace

std::string make_lock_text(const LockFile& lock) {
    Json head;
    head["muster_lock"] = kLockVersion;
    head["recipe"] = lock.recipe;
    head["release"] = lock.release;
    head["sources"] = lock.sources;
    head["source_date_epoch"] = lock.epoch;
    head["image_sha256"] = lock.image;
    head["tools"] = Json::object();
    for (const auto& [tool, digest] : lock.tools) {
        head["tools"][tool] = digest;
    }
    std::string text = base::to_json_text(head, 2);
    text.resize(text.size() - 2);  // "\n}"
    text += ",\n  \"packages\": [";
    const char* separator = "\n    ";
    for (const InstalledPackage& package : lock.packages) {
        const Json entry{{"name", package.name},
                         {"version", package.version},
                         {"architecture", package.architecture},
                         {"source", package.source},
                         {"priority", package.priority},
                         {"filename", package.filename},
                         {"sha256", package.sha256}};
        text += separator + base::to_json_text(entry);
        separator = ",\n    ";
    }
    return text + "\n  ]\n}\n";
}

LockFile parse_lock(std::string_view text, const std::string& name) {
    const Json json = base::parse_json(text, name);
    if (!json.is_object() || !json.contains("muster_lock")) {
        refuse_lock(name, "it is none");
    }
    if (json["muster_lock"] != kLockVersion) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("lock file '{}' is of another version", name),
                    "use the muster that made it, or make it anew");
    }
    LockFile lock;
    lock.recipe = base::require_string(json, "recipe");
    lock.release = base::require_string(json, "release");
    lock.sources = base::require_string(json, "sources");
    lock.image = base::string_or(json, "image_sha256", "");
    const auto epoch = json.find("source_date_epoch");
    if (epoch == json.end() || !epoch->is_number_integer()) {
        refuse_lock(name, "'source_date_epoch' is missing");
    }
    lock.epoch = epoch->get<std::int64_t>();
    if (const auto tools = json.find("tools"); tools != json.end() && tools->is_object()) {
        for (const auto& [tool, digest] : tools->items()) {
            if (!digest.is_string()) {
                refuse_lock(name, fmt::format("the digest of '{}' is no text", tool));
            }
            lock.tools[tool] = digest.get<std::string>();
            require_sha256(name, tool, lock.tools[tool]);
        }
    }
    const auto packages = json.find("packages");
    if (packages == json.end() || !packages->is_array()) {
        refuse_lock(name, "'packages' is missing");
    }
    for (const Json& entry : *packages) {
        lock.packages.push_back(parse_locked_package(entry, name));
    }
    return lock;
}

LockFile read_lock(const std::string& path) {
    return parse_lock(base::read_file(path), path);
}

std::vector<std::string> differing_tools(const LockFile& lock,
                                         const std::map<std::string, std::string>& tools) {
    std::vector<std::string> differences;
    for (const auto& [tool, digest] : lock.tools) {
        const auto here = tools.find(tool);
        if (here == tools.end()) {
            differences.push_back(fmt::format("this host has no {}", tool));
        } else if (here->second != digest) {
            differences.push_back(
                fmt::format("{} is another than the lock's (sha256 {} instead of {})", tool,
                            here->second.substr(0, 12), digest.substr(0, 12)));
        }
    }
    return differences;
}

}  // namespace imagebuilder
