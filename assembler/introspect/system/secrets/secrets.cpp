// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/secrets/secrets.h"

#include <algorithm>
#include <set>

#include "assembler/introspect/system/secrets/secret_scan.h"
#include "assembler/introspect/system/text.h"
#include "base/letter_case.h"

namespace assembler::introspect {

namespace {

using imagebuilder::TreeEntry;

constexpr std::size_t kMaxSecrets = 2000;
constexpr std::size_t kMaxSecretFiles = 5000;
constexpr std::uint64_t kMaxScannedFile = std::uint64_t{1} << 20U;
constexpr std::uint64_t kMaxScanned = std::uint64_t{32} << 20U;

std::string_view file_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

bool is_key_store(std::string_view path) {
    return path.ends_with(".p12") || path.ends_with(".pfx") || path.ends_with(".jks") ||
           path.ends_with(".keystore");
}

class SecretSearch {
  public:
    SecretSearch(Reading& reading, bool with_values)
        : reading_(reading), with_values_(with_values) {}

    void search() {
        add_system_files();
        add_home_files();
        for (const ChangedFile& file : reading_.facts().changed_files) {
            if (file.change != ChangedFile::Change::removed) {
                add(file.path);
            }
        }
        for (const ServiceFact& service : reading_.facts().services) {
            for (const std::string& file : service.environment_files) {
                add(file);
            }
            if (service.package.empty()) {
                add(service.evidence.file);
            }
        }
        for (const Component& component : reading_.facts().components) {
            for (const std::string& file : component.files) {
                add(file);
            }
        }
        add_folder("/var/www", 0);
        for (const std::string& path : files_) {
            reading_.part(path, [&] { scan_file(path); });
        }
    }

  private:
    void add(const std::string& path) {
        if (path.starts_with('/') && files_.size() < kMaxSecretFiles) {
            files_.insert(path);
        }
    }

    void add_system_files() {
        for (const char* path : {"/etc/shadow", "/etc/gshadow", "/etc/mysql/debian.cnf",
                                 "/etc/ppp/chap-secrets", "/etc/ppp/pap-secrets"}) {
            add(path);
        }
        for (const char* folder :
             {"/etc/ssh", "/etc/ssl/private", "/etc/pki/tls/private",
              "/etc/NetworkManager/system-connections", "/etc/wpa_supplicant"}) {
            add_folder(folder, 2);
        }
        // Without a package database nothing is known to be changed: all of it may be.
        if (reading_.facts().packages.empty()) {
            for (const char* folder : {"/etc", "/opt", "/srv", "/usr/local"}) {
                add_folder(folder, 0);
            }
        }
    }

    void add_home_files() {
        std::set<std::string> homes{"/root"};
        for (const UserFact& user : reading_.facts().users) {
            if (user.home.size() > 1 && homes.size() < kMaxSecretFiles / 10) {
                homes.insert(user.home);
            }
        }
        for (const std::string& home : homes) {
            for (const TreeEntry& entry : reading_.list(home)) {
                const bool is_known = entry.name == ".pgpass" || entry.name == ".my.cnf" ||
                                      entry.name == ".netrc" || entry.name == ".env" ||
                                      entry.name == ".git-credentials" ||
                                      entry.name == ".vault-token" || entry.name == ".htpasswd" ||
                                      entry.name == ".s3cfg" || entry.name == ".boto";
                if (is_known) {
                    add(home + "/" + entry.name);
                } else if (entry.name == ".ssh") {
                    add_folder(home + "/.ssh", 1);
                } else if (entry.name == ".aws") {
                    add(home + "/.aws/credentials");
                } else if (entry.name == ".docker") {
                    add(home + "/.docker/config.json");
                }
            }
        }
    }

    void add_folder(const std::string& folder, int depth) {
        constexpr int kMaxFolderDepth = 6;
        for (const TreeEntry& entry : reading_.list(folder)) {
            const std::string path = folder + "/" + entry.name;
            if (entry.type == TreeEntry::Type::file) {
                add(path);
            } else if (entry.type == TreeEntry::Type::directory && depth < kMaxFolderDepth &&
                       entry.name != "node_modules" && entry.name != ".git" &&
                       files_.size() < kMaxSecretFiles) {
                add_folder(path, depth + 1);
            }
        }
    }

    void scan_file(const std::string& path) {
        const auto target = reading_.tree().resolve(path);
        const auto entry = target ? reading_.tree().find(*target) : std::nullopt;
        if (!entry || entry->type != TreeEntry::Type::file || !seen_.insert(*target).second ||
            entry->size > kMaxScannedFile || scanned_ + entry->size > kMaxScanned) {
            return;
        }
        scanned_ += entry->size;
        if (is_key_store(path)) {
            report(path, {.what = "key store"});
            return;
        }
        const std::string text = reading_.tree().read(*target, kMaxScannedFile);
        if (text.find('\0') != std::string::npos) {
            return;  // no text
        }
        if (scan_by_name(path, text)) {
            return;
        }
        for (const FoundSecret& found : scan_for_secrets(text)) {
            report(path, found);
        }
    }

    // Files whose name says what is in them.
    bool scan_by_name(const std::string& path, const std::string& text) {
        const std::string_view name = file_name(path);
        if (path == "/etc/shadow" || path == "/etc/gshadow") {
            scan_accounts(path, text);
        } else if (name == ".pgpass" || name == "pgpass") {
            scan_pgpass(path, text);
        } else if (name == ".netrc") {
            scan_netrc(path, text);
        } else if (name == ".vault-token") {
            report_line(path, text, "token");
        } else if (is_single_password(name, text)) {
            report_line(path, text, "password in a file of its own");
        } else {
            return false;
        }
        return true;
    }

    static bool is_single_password(std::string_view name, std::string_view text) {
        constexpr std::size_t kLongest = 256;
        const std::string stem(name.substr(0, name.find('.')));
        const std::string_view bare = trimmed(text.substr(0, text.find('\n')));
        return text.size() <= kLongest && !bare.empty() && is_secret_name(stem) &&
               lines_of(text).size() == 1 && bare.find_first_of(" =:#") == std::string_view::npos;
    }

    void scan_accounts(const std::string& path, const std::string& text) {
        for (const Line& line : statements_of(text)) {
            const auto fields = split(line.text, ':');
            if (fields.size() < 2 || fields[1].size() < 2 || fields[1].front() == '*' ||
                fields[1].front() == '!') {
                continue;
            }
            report(path, {.what = "password hash of '" + std::string(fields[0]) + "'",
                          .value = std::string(fields[1]),
                          .line = line.number,
                          .column = static_cast<int>(fields[0].size()) + 2,
                          .length = static_cast<int>(fields[1].size())});
        }
    }

    // host:port:database:user:password
    void scan_pgpass(const std::string& path, const std::string& text) {
        for (const Line& line : statements_of(text)) {
            const std::size_t colon = line.text.rfind(':');
            if (split(line.text, ':').size() >= 5 && colon + 1 < line.text.size()) {
                report(path, {.what = "password of PostgreSQL",
                              .value = std::string(line.text.substr(colon + 1)),
                              .line = line.number,
                              .column = static_cast<int>(colon) + 2,
                              .length = static_cast<int>(line.text.size() - colon - 1)});
            }
        }
    }

    // machine HOST login USER password WORD
    void scan_netrc(const std::string& path, const std::string& text) {
        for (const Line& line : lines_of(text)) {
            const auto words = words_of(line.text);
            for (std::size_t i = 0; i + 1 < words.size(); ++i) {
                if (words[i] == "password") {
                    report(path,
                           {.what = "password of a login",
                            .value = std::string(words[i + 1]),
                            .line = line.number,
                            .column = static_cast<int>(words[i + 1].data() - line.text.data()) + 1,
                            .length = static_cast<int>(words[i + 1].size())});
                }
            }
        }
    }

    void report_line(const std::string& path, const std::string& text, std::string what) {
        const std::string_view bare = trimmed(std::string_view(text).substr(0, text.find('\n')));
        report(path, {.what = std::move(what),
                      .value = std::string(bare),
                      .line = 1,
                      .column = static_cast<int>(bare.data() - text.data()) + 1,
                      .length = static_cast<int>(bare.size()),
                      .confidence = 0.8});
    }

    void report(const std::string& path, FoundSecret found) {
        std::vector<SecretFact>& secrets = reading_.facts().secrets;
        if (secrets.size() >= kMaxSecrets) {
            return;
        }
        const std::string_view name = file_name(path);
        if (found.what == "private key" && name.starts_with("ssh_host_")) {
            found.what = "ssh host key";
        }
        secrets.push_back(
            {.what = std::move(found.what),
             .value = with_values_ ? std::move(found.value) : "",
             .evidence = {.file = path, .line = found.line, .confidence = found.confidence},
             .place = {.file = path,
                       .line = found.line,
                       .column = found.column,
                       .length = found.length}});
    }

    Reading& reading_;
    bool with_values_;
    std::set<std::string> files_;
    std::set<std::string> seen_;  // by where links lead
    std::uint64_t scanned_ = 0;
};

void mask_setting(const std::string& name, std::string& value) {
    if (!value.empty()) {
        value = is_secret_name(name) ? "***" : masked(value);
    }
}

}  // namespace

void find_secrets(Reading& reading, bool with_values) {
    SecretSearch(reading, with_values).search();
}

void mask_secrets(MachineFacts& facts) {
    for (ServiceFact& service : facts.services) {
        service.command_line = masked(service.command_line);
        for (SettingFact& setting : service.environment) {
            mask_setting(setting.name, setting.value);
        }
    }
    for (ScheduledJob& job : facts.jobs) {
        job.command = masked(job.command);
    }
    for (Component& component : facts.components) {
        for (PropertyFact& property : component.properties) {
            mask_setting(property.key, property.value);
        }
    }
}

}  // namespace assembler::introspect
