// SPDX-License-Identifier: Apache-2.0
// A folder package that is edited where it is. Its files are checked against the manifest, the
// ones that stay are not touched; the new descriptor, manifest and files are written beside first
// and then take their places together: when one of these steps fails, those before it are undone.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "ovfkit/package/inspection.h"
#include "ovfkit/package/member_output.h"
#include "ovfkit/package/package_writer.h"

namespace ovfkit::edit {

// Folders that appear whole.
std::filesystem::path folder_above(const std::filesystem::path& path);
void require_absent(const std::filesystem::path& path);  // throws conflict
void publish_folder(base::TempDir& folder, const std::filesystem::path& target);

// Files of one folder that change their places together.
class FolderChange {
  public:
    explicit FolderChange(std::filesystem::path folder);
    FolderChange(const FolderChange&) = delete;
    FolderChange& operator=(const FolderChange&) = delete;
    ~FolderChange();  // undoes what was not committed

    // A file of the staging folder takes its place in the folder; what was there is kept until
    // commit().
    void replace(const std::filesystem::path& staged, const std::string& name);
    void remove(const std::string& name);
    void commit();
    const std::filesystem::path& staging() const { return staging_.path(); }

  private:
    struct Done {
        std::filesystem::path place;
        std::filesystem::path backup;  // empty: nothing was there
        bool is_new = false;           // a file was put there
    };
    void set_aside(const std::filesystem::path& place, Done& done);
    void undo() noexcept;

    std::filesystem::path folder_;
    base::TempDir staging_;
    std::vector<Done> done_;
    bool committed_ = false;
};

class FolderEdit {
  public:
    FolderEdit(const std::string& descriptor, const VerifyPolicy& policy,
               base::DigestAlgorithm digest);

    using Change = std::function<std::string(const std::string& name, const std::string& text)>;
    // The one pass over everything.
    void read(const Change& change, const ProgressCall& on_progress);
    void leave_out(const std::function<bool(const std::string& member)>& goes);
    // Where new members are written.
    std::unique_ptr<MemberOutput> staging();
    void commit(const std::vector<ManifestEntry>& added, const PackageSigner* signer);
    const PackageReport& report() const { return report_; }

  private:
    std::string descriptor_;
    VerifyPolicy policy_;
    base::DigestAlgorithm digest_;
    FolderChange change_;
    std::string name_;
    std::string text_;
    std::vector<ManifestEntry> entries_;  // of the members that were there
    std::vector<std::string> gone_;
    PackageReport report_;
};

}  // namespace ovfkit::edit
