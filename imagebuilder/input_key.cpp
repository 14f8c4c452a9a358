// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/input_key.h"

#include <sys/stat.h>
#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/error.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

struct StepHasher {
    InputKey& key;
    const fs::path& folder;

    void operator()(const InstallPackages& packages) const {
        key.add_list("packages", packages.names);
    }
    void operator()(const AddUser& user) const {
        key.add("name", user.name);
        key.add_list("groups", user.groups);
        key.add_list("keys", user.ssh_authorized_keys);
        key.add("password", user.password_hash);
        key.add("shell", user.shell);
        key.add("system", user.system ? "1" : "0");
    }
    void operator()(const WriteFile& file) const {
        key.add("path", file.path);
        key.add("content", file.content);
        key.add("owner", file.owner);
        key.add("permissions", std::to_string(file.permissions));
    }
    void operator()(const CopyFiles& copy) const {
        key.add("from", copy.from);
        key.add("to", copy.to);
        key.add("owner", copy.owner);
        key.add("permissions", copy.permissions ? std::to_string(*copy.permissions) : "as is");
        const fs::path from = folder / copy.from;
        key.add_files("file " + copy.from, from);
        if (fs::is_symlink(from) && fs::exists(from)) {  // what is copied is where the link leads
            const fs::path real = fs::canonical(from);
            const fs::path top = fs::canonical(folder);
            if (std::mismatch(top.begin(), top.end(), real.begin(), real.end()).first ==
                top.end()) {
                key.add_files("file behind " + copy.from, real);
            }
        }
    }
    void operator()(const RunCommand& command) const { key.add("text", command.script); }
    void operator()(const UnitsChange& change) const {
        key.add("verb", change.verb == UnitsChange::Verb::enable    ? "enable"
                        : change.verb == UnitsChange::Verb::disable ? "disable"
                                                                    : "mask");
        key.add_list("units", change.units);
    }
};

}  // namespace

void InputKey::add(std::string_view name, std::string_view value) {
    inputs_.push_back(
        {std::string(name), base::digest_hex(base::DigestAlgorithm::sha256, std::string(value))});
}

void InputKey::add_list(std::string_view name, const std::vector<std::string>& values) {
    std::string all;
    for (const std::string& value : values) {
        all += fmt::format("{}:{}", value.size(), value);
    }
    add(name, all);
}

void InputKey::add_files(const std::string& name, const fs::path& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
        throw base::SystemError(errno, fmt::format("cannot read '{}'", path.string()));
    }
    if (S_ISLNK(info.st_mode)) {
        const std::string target = fs::read_symlink(path).string();
        add(name, "link " + target);
        inputs_.back().content = base::digest_hex(base::DigestAlgorithm::sha256, target);
        inputs_.back().is_link = true;
    } else if (S_ISREG(info.st_mode)) {
        const std::string content = base::sha256_of_file(path.string());
        add(name, fmt::format("file {:o} {}", info.st_mode, content));
        inputs_.back().content = content;
    } else if (S_ISDIR(info.st_mode)) {
        add(name, fmt::format("folder {:o}", info.st_mode));
        std::vector<fs::path> entries;
        for (const auto& entry : fs::directory_iterator(path)) {
            entries.push_back(entry.path());
        }
        std::sort(entries.begin(), entries.end());
        for (const fs::path& entry : entries) {
            add_files(name + "/" + entry.filename().string(), entry);
        }
    } else {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("'{}' is neither a file nor a folder", path.string()));
    }
}

void InputKey::add_inputs(const InputKey& other) {
    inputs_.insert(inputs_.end(), other.inputs_.begin(), other.inputs_.end());
}

void InputKey::add_step(const Step& step, const fs::path& folder) {
    std::visit(StepHasher{*this, folder}, step.action);
}

std::string InputKey::finish() const {
    base::Digest digest(base::DigestAlgorithm::sha256);
    for (const NamedInput& input : inputs_) {
        digest.update(
            base::as_bytes(fmt::format("{}:{}:{}:", input.name.size(), input.name, input.digest)));
    }
    return digest.finish_hex();
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
