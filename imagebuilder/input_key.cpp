// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/input_key.h"

#include <sys/stat.h>
#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

struct StepHasher {
    InputKey& key;
    const fs::path& folder;

    void list(std::string_view name, const std::vector<std::string>& values) const {
        key.add(name, std::to_string(values.size()));
        for (const std::string& value : values) {
            key.add(name, value);
        }
    }
    void operator()(const InstallPackages& packages) const { list("packages", packages.names); }
    void operator()(const AddUser& user) const {
        key.add("user", user.name);
        list("groups", user.groups);
        list("keys", user.ssh_authorized_keys);
        key.add("password", user.password_hash);
        key.add("shell", user.shell);
        key.add("system", user.system ? "1" : "0");
    }
    void operator()(const WriteFile& file) const {
        key.add("write", file.path);
        key.add("content", file.content);
        key.add("owner", file.owner);
        key.add("permissions", std::to_string(file.permissions));
    }
    void operator()(const CopyFiles& copy) const {
        key.add("copy", copy.from);
        key.add("to", copy.to);
        key.add("owner", copy.owner);
        key.add("permissions", copy.permissions ? std::to_string(*copy.permissions) : "as is");
        key.add_files("source", folder / copy.from);
    }
    void operator()(const RunCommand& command) const { key.add("run", command.script); }
    void operator()(const UnitsChange& change) const {
        list(change.verb == UnitsChange::Verb::enable    ? "enable"
             : change.verb == UnitsChange::Verb::disable ? "disable"
                                                         : "mask",
             change.units);
    }
};

}  // namespace

void InputKey::add(std::string_view name, std::string_view value) {
    const std::string head = fmt::format("{}:{}:{}:", name.size(), name, value.size());
    digest_.update(base::as_bytes(head));
    digest_.update(base::as_bytes(value));
}

void InputKey::add_files(std::string_view name, const fs::path& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
        throw base::SystemError(errno, fmt::format("cannot read '{}'", path.string()));
    }
    add("permissions", std::to_string(info.st_mode));
    if (S_ISLNK(info.st_mode)) {
        add(name, fs::read_symlink(path).string());
        if (fs::exists(path)) {  // what is copied is where the top link leads
            add("link",
                base::sha256_of_file(fs::is_regular_file(path) ? path.string() : "/dev/null"));
        }
    } else if (S_ISREG(info.st_mode)) {
        add(name, base::sha256_of_file(path.string()));
    } else if (S_ISDIR(info.st_mode)) {
        std::vector<fs::path> entries;
        for (const auto& entry : fs::directory_iterator(path)) {
            entries.push_back(entry.path());
        }
        std::sort(entries.begin(), entries.end());
        add(name, std::to_string(entries.size()));
        for (const fs::path& entry : entries) {
            add_files(entry.filename().string(), entry);
        }
    } else {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("'{}' is neither a file nor a folder", path.string()));
    }
}

void InputKey::add_step(const Step& step, const fs::path& folder) {
    std::visit(StepHasher{*this, folder}, step.action);
}

std::string uuid_from_key(std::string_view key, std::string_view purpose) {
    std::string hex =
        base::digest_hex(base::DigestAlgorithm::sha256, fmt::format("{}:{}", key, purpose));
    hex[12] = '8';                  // RFC 9562: version 8
    hex[16] = "89ab"[hex[16] % 4];  // and its variant
    return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                       hex.substr(16, 4), hex.substr(20, 12));
}

}  // namespace imagebuilder
