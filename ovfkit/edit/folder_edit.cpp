// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/folder_edit.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "ovfkit/package/folder_writer.h"
#include "ovfkit/package/source/open_package.h"

namespace ovfkit::edit {

namespace fs = std::filesystem;

namespace {

// Takes the wanted digest of every member, and the descriptor's text.
class DigestingHandler : public PackageHandler {
  public:
    DigestingHandler(base::DigestAlgorithm algorithm, const FolderEdit::Change& change,
                     const ProgressCall& on_progress)
        : algorithm_(algorithm), change_(change), on_progress_(on_progress) {}

    void on_descriptor(const std::string& name, const std::string& text,
                       const Envelope& /*envelope*/) override {
        descriptor = name;
        changed = change_(name, text);
    }
    bool wants_chunks() const override { return true; }
    std::unique_ptr<base::ByteSink> open_member(const std::string& /*name*/,
                                                std::uint64_t /*size*/) override {
        return std::make_unique<DigestSink>(algorithm_);
    }
    void close_member(const std::string& name, std::unique_ptr<base::ByteSink> sink) override {
        if (auto* digest = dynamic_cast<DigestSink*>(sink.get())) {
            entries.push_back({name, algorithm_, digest->finish_hex()});
        }
    }
    void on_progress(std::uint64_t done, std::uint64_t total) override {
        if (on_progress_) {
            on_progress_(done, total);
        }
    }

    std::string descriptor;
    std::string changed;
    std::vector<ManifestEntry> entries;

  private:
    class DigestSink : public base::ByteSink {
      public:
        explicit DigestSink(base::DigestAlgorithm algorithm) : digest_(algorithm) {}
        void write(std::span<const std::byte> data) override { digest_.update(data); }
        std::string finish_hex() { return digest_.finish_hex(); }

      private:
        base::Digest digest_;
    };

    base::DigestAlgorithm algorithm_;
    const FolderEdit::Change& change_;
    const ProgressCall& on_progress_;
};

bool is_there(const fs::path& path) {
    return fs::symlink_status(path).type() != fs::file_type::not_found;
}

}  // namespace

fs::path folder_above(const fs::path& path) {
    const fs::path normal = path.has_filename() ? path : path.parent_path();
    return normal.has_parent_path() ? normal.parent_path() : fs::path(".");
}

void require_absent(const fs::path& path) {
    if (is_there(path.has_filename() ? path : path.parent_path())) {
        throw base::Error(base::ErrorKind::conflict,
                          fmt::format("'{}' exists already", path.string()),
                          "name a folder that does not exist, or remove it");
    }
}

void publish_folder(base::TempDir& folder, const fs::path& target) {
    const fs::path place = target.has_filename() ? target : target.parent_path();
    require_absent(place);
    fs::permissions(folder.path(), fs::perms(0755));
    base::rename_file(folder.path(), place);
    folder.release();
    base::fsync_dir(folder_above(place));
}

FolderChange::FolderChange(fs::path folder)
    : folder_(std::move(folder)), staging_(folder_, ".muster-edit") {
}

FolderChange::~FolderChange() {
    if (!committed_) {
        undo();
    }
}

void FolderChange::set_aside(const fs::path& place, Done& done) {
    if (is_there(place)) {
        done.backup = staging_.path() / fmt::format("old-{}", done_.size());
        base::rename_file(place, done.backup);
    }
}

void FolderChange::replace(const fs::path& staged, const std::string& name) {
    Done done{folder_ / name, {}, false};
    base::make_dirs(done.place.parent_path());
    set_aside(done.place, done);
    done_.push_back(done);
    base::rename_file(staged, done.place);
    done_.back().is_new = true;
}

void FolderChange::remove(const std::string& name) {
    Done done{folder_ / name, {}, false};
    set_aside(done.place, done);
    done_.push_back(done);
}

void FolderChange::commit() {
    base::fsync_dir(folder_);
    committed_ = true;
}

void FolderChange::undo() noexcept {
    for (auto done = done_.rbegin(); done != done_.rend(); ++done) {
        base::guarded("undoing the edit of a folder", [&] {
            if (done->is_new) {
                base::remove_all(done->place);
            }
            if (!done->backup.empty()) {
                base::rename_file(done->backup, done->place);
            }
        });
    }
}

FolderEdit::FolderEdit(const std::string& descriptor, const VerifyPolicy& policy,
                       base::DigestAlgorithm digest)
    : descriptor_(descriptor),
      policy_(policy),
      digest_(digest),
      change_(folder_above(fs::absolute(descriptor))) {
}

void FolderEdit::read(const Change& change, const ProgressCall& on_progress) {
    const auto source = open_package(descriptor_);
    DigestingHandler handler(digest_, change, on_progress);
    VerifyPolicy strict = policy_;
    strict.collect_failures = false;
    report_ = read_package(*source, handler, strict);
    name_ = handler.descriptor;
    text_ = std::move(handler.changed);
    entries_ = std::move(handler.entries);
}

void FolderEdit::leave_out(const std::function<bool(const std::string& member)>& goes) {
    std::erase_if(entries_, [&](const ManifestEntry& entry) {
        const bool gone = goes(entry.file);
        if (gone) {
            gone_.push_back(entry.file);
        }
        return gone;
    });
}

std::unique_ptr<MemberOutput> FolderEdit::staging() {
    const fs::path place = change_.staging() / "new";
    base::make_dirs(place);
    return std::make_unique<FolderWriter>(place.string());
}

void FolderEdit::commit(const std::vector<ManifestEntry>& added, const PackageSigner* signer) {
    const std::string base_name = name_.substr(0, name_.size() - 4);
    Manifest manifest;
    manifest.entries.push_back({name_, digest_, base::digest_hex(digest_, text_)});
    manifest.entries.insert(manifest.entries.end(), entries_.begin(), entries_.end());
    manifest.entries.insert(manifest.entries.end(), added.begin(), added.end());
    const std::string manifest_text = format_manifest(manifest);
    const fs::path staging = change_.staging();
    base::write_file(staging / "descriptor", text_);
    base::write_file(staging / "manifest", manifest_text);
    if (signer != nullptr) {
        base::write_file(staging / "certificate",
                         sign_manifest(manifest_text, base_name + ".mf", *signer));
    }
    // From here on either all of it happens or none.
    for (const std::string& member : gone_) {
        change_.remove(member);
    }
    for (const ManifestEntry& entry : added) {
        change_.replace(staging / "new" / entry.file, entry.file);
    }
    change_.replace(staging / "descriptor", name_);
    if (report_.manifest.state != CheckState::absent &&
        report_.manifest.name != base_name + ".mf") {
        change_.remove(report_.manifest.name);
    }
    change_.replace(staging / "manifest", base_name + ".mf");
    if (report_.signature.state != CheckState::absent) {
        change_.remove(report_.signature.name);
    }
    if (signer != nullptr) {
        change_.replace(staging / "certificate", base_name + ".cert");
    }
    change_.commit();
}

}  // namespace ovfkit::edit
