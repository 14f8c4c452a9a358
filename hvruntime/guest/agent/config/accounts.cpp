// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/config/accounts.h"

#include <crypt.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"

namespace hvruntime::agent {

namespace {

namespace fs = std::filesystem;

struct Account {
    uid_t uid = 0;
    gid_t gid = 0;
    std::string home;
};

std::vector<std::string> fields_of(std::string_view line) {
    std::vector<std::string> fields;
    while (true) {
        const std::size_t colon = line.find(':');
        fields.emplace_back(line.substr(0, colon));
        if (colon == std::string_view::npos) {
            return fields;
        }
        line.remove_prefix(colon + 1);
    }
}

// Calls fn with each line without its newline.
template <typename Fn>
void each_line(std::string_view text, Fn&& fn) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        fn(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

unsigned number(const std::string& text, std::string_view what) {
    unsigned value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || stop != text.data() + text.size()) {
        throw base::Error(base::ErrorKind::invalid_input, fmt::format("{} is no number", what));
    }
    return value;
}

Account require_account(const std::string& user, const Places& places) {
    std::optional<Account> account;
    each_line(base::read_file(places.at("/etc/passwd")), [&](std::string_view line) {
        const std::vector<std::string> fields = fields_of(line);
        if (fields.size() >= 7 && fields[0] == user && !account) {
            account = Account{.uid = number(fields[2], "the user's id"),
                              .gid = number(fields[3], "the user's group"),
                              .home = fields[5]};
        }
    });
    if (!account) {
        throw base::Error(base::ErrorKind::not_found, fmt::format("there is no user '{}'", user),
                          "add it to the recipe, or leave out the property 'muster.user'");
    }
    return *account;
}

gid_t require_group(const std::string& group, const Places& places) {
    std::optional<gid_t> gid;
    each_line(base::read_file(places.at("/etc/group")), [&](std::string_view line) {
        const std::vector<std::string> fields = fields_of(line);
        if (fields.size() >= 3 && fields[0] == group && !gid) {
            gid = number(fields[2], "the group's id");
        }
    });
    if (!gid) {
        throw base::Error(base::ErrorKind::not_found, fmt::format("there is no group '{}'", group),
                          "add it to the recipe");
    }
    return *gid;
}

bool is_hash(std::string_view text) {
    constexpr std::array<std::string_view, 6> kSchemes{"$1$", "$2b$", "$2y$", "$5$", "$6$", "$y$"};
    for (const std::string_view scheme : kSchemes) {
        if (text.starts_with(scheme) && text.find('$', scheme.size()) != std::string_view::npos) {
            return true;
        }
    }
    return false;
}

// Same owner and mode as the file that is replaced.
void replace_file(const fs::path& path, std::string_view text) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        throw base::SystemError(errno, path.string());
    }
    base::AtomicFile file(path, info.st_mode & 07777U);
    base::write_all(file.fd(), text, path.string());
    if (::fchown(file.fd(), info.st_uid, info.st_gid) != 0 ||
        ::fchmod(file.fd(), info.st_mode & 07777U) != 0) {
        throw base::SystemError(errno, fmt::format("giving '{}' its owner", path.string()));
    }
    file.commit();
}

}  // namespace

Owner find_owner(const std::string& owner, const Places& places) {
    if (owner == "root:root") {
        return {};
    }
    const std::size_t colon = owner.find(':');
    const Account account = require_account(owner.substr(0, colon), places);
    return {account.uid, colon == std::string::npos
                             ? account.gid
                             : require_group(owner.substr(colon + 1), places)};
}

std::string hash_password(const std::string& password) {
    if (is_hash(password)) {
        return password;
    }
    std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
    if (::crypt_gensalt_rn("$6$", 0, nullptr, 0, setting.data(),
                           static_cast<int>(setting.size())) == nullptr) {
        throw base::SystemError(errno, "making a salt");
    }
    crypt_data data{};
    const char* hash = ::crypt_rn(password.c_str(), setting.data(), &data, sizeof(data));
    if (hash == nullptr) {
        throw base::SystemError(errno, "hashing a password");
    }
    return hash;
}

void set_password(const std::string& user, const std::string& password, const Places& places) {
    const fs::path path = places.at("/etc/shadow");
    const auto today = std::chrono::duration_cast<std::chrono::days>(
        std::chrono::system_clock::now().time_since_epoch());
    std::string text;
    bool found = false;
    each_line(base::read_file(path), [&](std::string_view line) {
        std::vector<std::string> fields = fields_of(line);
        if (fields.size() >= 3 && fields[0] == user) {
            found = true;
            fields[1] = hash_password(password);
            fields[2] = std::to_string(today.count());
            text += fmt::format("{}\n", fmt::join(fields, ":"));
        } else {
            text += fmt::format("{}\n", line);
        }
    });
    if (!found) {
        throw base::Error(base::ErrorKind::not_found, fmt::format("there is no user '{}'", user),
                          "add it to the recipe, or leave out the property 'muster.user'");
    }
    replace_file(path, text);
}

void add_public_keys(const std::string& user, const std::vector<std::string>& keys,
                     const Places& places) {
    if (keys.empty()) {
        return;
    }
    const Account account = require_account(user, places);
    const fs::path folder = places.at(account.home) / ".ssh";
    const fs::path path = folder / "authorized_keys";
    // The folder may belong to the user: nothing is written through a link of his.
    if (fs::is_symlink(folder) || fs::is_symlink(path)) {
        throw base::Error(base::ErrorKind::conflict,
                          fmt::format("'{}' is a symbolic link", path.string()));
    }
    const bool fresh = !fs::exists(folder);
    base::make_dirs(folder, 0700);
    std::string text = fs::exists(path) ? base::read_file(path) : "";
    if (!text.empty() && text.back() != '\n') {
        text += '\n';
    }
    for (const std::string& key : keys) {
        bool known = false;
        each_line(text, [&](std::string_view line) { known = known || line == key; });
        text += known ? "" : key + "\n";
    }
    base::write_file(path, text, 0600);
    const auto give = [&](const fs::path& what) {
        if (::geteuid() == 0 && ::lchown(what.c_str(), account.uid, account.gid) != 0) {
            throw base::SystemError(errno, fmt::format("giving '{}' its owner", what.string()));
        }
    };
    give(path);
    if (fresh) {
        give(folder);
    }
}

void make_ssh_host_keys(const Places& places) {
    if (!places.is_live() || !fs::exists("/usr/sbin/sshd")) {
        return;
    }
    for (const auto& entry : fs::directory_iterator("/etc/ssh")) {
        const std::string name = entry.path().filename();
        if (name.starts_with("ssh_host_") && name.ends_with("_key")) {
            return;
        }
    }
    // Not RSA: making one takes seconds on an emulated CPU.
    for (const char* type : {"ed25519", "ecdsa"}) {
        base::run_checked({.argv = {"ssh-keygen", "-q", "-t", type, "-N", "", "-f",
                                    fmt::format("/etc/ssh/ssh_host_{}_key", type)}});
    }
}

}  // namespace hvruntime::agent
