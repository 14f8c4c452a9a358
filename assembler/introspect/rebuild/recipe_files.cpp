// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/rebuild/recipe_files.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "assembler/introspect/generate/address_sweep.h"
#include "base/byte_size.h"
#include "base/error.h"

namespace assembler {

namespace {

using imagebuilder::TreeEntry;

constexpr std::array<std::string_view, 4> kTrees{"/opt", "/srv", "/usr/local", "/var/www"};
constexpr int kDeepestTree = 40;
constexpr const char* kWithheld = "CHANGE-ME";

// What a new machine makes for itself, or must not share with the old one.
bool belongs_to_one_machine(std::string_view path) {
    constexpr std::array<std::string_view, 16> kOwn{
        "/etc/passwd",    "/etc/group",       "/etc/shadow",     "/etc/gshadow",
        "/etc/subuid",    "/etc/subgid",      "/etc/machine-id", "/etc/fstab",
        "/etc/mtab",      "/etc/ld.so.cache", "/etc/.pwd.lock",  "/etc/timezone",
        "/etc/localtime", "/etc/adjtime",     "/etc/mailname",   "/etc/hostid"};
    const std::string_view plain = path.ends_with('-') ? path.substr(0, path.size() - 1) : path;
    return std::find(kOwn.begin(), kOwn.end(), plain) != kOwn.end() || is_network_file(path) ||
           path.starts_with("/etc/ssh/ssh_host_") || path.starts_with("/etc/udev/rules.d/70-per") ||
           path.starts_with("/etc/apt/") || path.starts_with("/etc/initramfs-tools/") ||
           path.starts_with("/etc/default/grub") || path.starts_with("/etc/kernel/") ||
           path.starts_with("/etc/muster/") || path.find("/ssl-cert-snakeoil.") != path.npos;
}

bool is_safe_path(std::string_view path) {
    return path.starts_with('/') && path.size() < 4096 &&
           std::none_of(path.begin(), path.end(),
                        [](unsigned char c) { return c < 0x20 || c == 0x7f; }) &&
           (std::string(path) + "/").find("/../") == std::string::npos;
}

// recipes know owners by names of at most these letters.
std::string usable_owner(const std::string& owner) {
    const bool good = owner.find_first_not_of(
                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:") ==
                          std::string::npos &&
                      !owner.starts_with('-') && owner.find(":-") == std::string::npos;
    return good ? owner : "root:root";
}

class FileCollector {
  public:
    FileCollector(const MachineFacts& machine, const imagebuilder::FileTree& tree,
                  const RecipeOptions& options)
        : machine_(machine), tree_(tree), options_(options) {}

    CollectedFiles run() {
        for (const ChangedFile& changed : machine_.changed_files) {
            if (belongs_to_one_machine(changed.path)) {
                continue;
            }
            if (changed.change == ChangedFile::Change::removed) {
                remove(changed.path);
            } else {
                add_file(changed.path);
            }
        }
        for (const ServiceFact& service : machine_.services) {
            if (service.package.empty()) {
                add_file(service.evidence.file);
            }
        }
        for (const ScheduledJob& job : machine_.jobs) {
            if (job.evidence.file.starts_with("/var/spool/cron/")) {
                add_file(job.evidence.file);
            }
        }
        for (const std::string_view top : kTrees) {
            add_tree(std::string(top));
        }
        return std::move(out_);
    }

  private:
    void leave_out(std::string text) { out_.left_out.push_back(std::move(text)); }

    void remove(const std::string& path) {
        if (is_safe_path(path)) {
            out_.commands.push_back("rm -f " + shell_quoted(path));
        }
    }

    static bool is_in_trees(const std::string& path) {
        return std::any_of(kTrees.begin(), kTrees.end(), [&](std::string_view top) {
            return path.starts_with(std::string(top) + "/");
        });
    }

    void add_file(const std::string& path) {
        if (path.empty() || is_in_trees(path) || !done_.insert(path).second) {
            return;
        }
        const auto entry = tree_.find(path);
        if (!is_safe_path(path) || !entry) {
            leave_out(fmt::format("{}: its name or place cannot be copied", path));
            return;
        }
        if (entry->type == TreeEntry::Type::symlink) {
            link(path, entry->link_target);
            return;
        }
        auto content = imagebuilder::read_if_there(tree_, path);
        if (!content || entry->type != TreeEntry::Type::file) {
            leave_out(fmt::format("{}: it is no file, or too long", path));
            return;
        }
        if (withhold(path, *content)) {
            const std::string beside = "files" + path;
            out_.files.push_back({beside, std::move(*content), entry->permissions & 0777U});
            out_.copies.push_back({beside, path, usable_owner(owner_in_tree(tree_, *entry)),
                                   entry->permissions & 07777U});
        }
    }

    void link(const std::string& path, const std::string& target) {
        if (is_safe_path(path) && !target.empty() &&
            is_safe_path("/" + target.substr(target.find_first_not_of("./") == std::string::npos
                                                 ? target.size()
                                                 : target.find_first_not_of("./")))) {
            out_.commands.push_back(fmt::format("mkdir -p {} && ln -sfn -- {} {}",
                                                shell_quoted(path.substr(0, path.rfind('/') + 1)),
                                                shell_quoted(target), shell_quoted(path)));
        } else {
            leave_out(fmt::format("{}: a link that cannot be made anew", path));
        }
    }

    // Replaces the secrets in a text; false when the file is one as a whole.
    bool withhold(const std::string& path, std::string& content) {
        if (options_.keep_secrets) {
            return true;
        }
        std::vector<TextEdit> edits;
        for (const SecretFact& secret : machine_.secrets) {
            if (secret.evidence.file != path && secret.place.file != path) {
                continue;
            }
            const bool word = secret.what.find("private key") == std::string::npos;
            auto edit = word ? find_place(content, secret.place) : std::nullopt;
            if (!edit) {
                leave_out(fmt::format("{}: it holds a {}", path, secret.what));
                return false;
            }
            edit->with = kWithheld;
            if (add_edit(edits, *edit)) {
                leave_out(fmt::format("{}:{}: the {} there reads {}", path, secret.place.line,
                                      secret.what, kWithheld));
            }
        }
        std::sort(edits.rbegin(), edits.rend());
        for (const TextEdit& edit : edits) {
            content.replace(edit.offset, edit.length, edit.with);
        }
        return true;
    }

    // A step for each member of the folder, with its owner: that is how software is laid out.
    void add_tree(const std::string& top) {
        if (!tree_.find(top)) {
            return;
        }
        std::uint64_t bytes = 0;
        CollectedFiles kept = out_;
        try {
            for (const TreeEntry& entry : tree_.list(top)) {
                add_member(top, entry, bytes);
            }
        } catch (const base::Error& error) {
            out_ = std::move(kept);
            leave_out(fmt::format("{}: {}", top, error.message()));
        }
    }

    void add_member(const std::string& folder, const TreeEntry& entry, std::uint64_t& bytes) {
        const std::string path = folder + "/" + entry.name;
        if (entry.type == TreeEntry::Type::directory) {
            const std::size_t before = out_.files.size();
            add_content(path, bytes, 0);
            if (out_.files.size() > before) {
                out_.copies.push_back(
                    {"files" + path, path, usable_owner(owner_in_tree(tree_, entry)), {}});
            }
        } else if (add_leaf(path, entry, bytes)) {
            out_.copies.push_back({"files" + path, path, usable_owner(owner_in_tree(tree_, entry)),
                                   entry.permissions & 07777U});
        }
    }

    void add_content(const std::string& folder, std::uint64_t& bytes, int depth) {
        if (depth > kDeepestTree || !is_safe_path(folder)) {
            leave_out(fmt::format("{}: it cannot be copied", folder));
            return;
        }
        for (const TreeEntry& entry : tree_.list(folder)) {
            const std::string path = folder + "/" + entry.name;
            if (entry.type == TreeEntry::Type::directory) {
                add_content(path, bytes, depth + 1);
            } else {
                add_leaf(path, entry, bytes);
            }
        }
    }

    bool add_leaf(const std::string& path, const TreeEntry& entry, std::uint64_t& bytes) {
        if (entry.type == TreeEntry::Type::symlink) {
            link(path, entry.link_target);
            return false;
        }
        if (entry.type != TreeEntry::Type::file || !is_safe_path(path)) {
            leave_out(fmt::format("{}: it cannot be copied", path));
            return false;
        }
        bytes += entry.size;
        if (bytes > options_.most_tree_bytes) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("there is more than {} of it",
                                          base::format_byte_size(options_.most_tree_bytes)));
        }
        std::string content = tree_.read(path, options_.most_tree_bytes);
        if (!withhold(path, content)) {
            return false;
        }
        out_.files.push_back({"files" + path, std::move(content), entry.permissions & 0777U});
        return true;
    }

    const MachineFacts& machine_;
    const imagebuilder::FileTree& tree_;
    const RecipeOptions& options_;
    std::set<std::string> done_;
    CollectedFiles out_;
};

}  // namespace

CollectedFiles collect_recipe_files(const MachineFacts& machine, const imagebuilder::FileTree& tree,
                                    const RecipeOptions& options) {
    return FileCollector(machine, tree, options).run();
}

std::string shell_quoted(std::string_view text) {
    std::string quoted = "'";
    for (const char c : text) {
        quoted += c == '\'' ? "'\\''" : std::string(1, c);
    }
    return quoted + "'";
}

}  // namespace assembler
