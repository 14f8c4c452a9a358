// SPDX-License-Identifier: Apache-2.0
// The images of this host, below DATA/images: each is a folder named by what it was made from, so
// the same disk is kept once. New ones are written in quarantine and appear by one rename.
// Thread-safe, and safe between processes (flock).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "hvruntime/images/image_record.h"

namespace hvruntime {

// A folder that nobody sees yet. The destructor removes it with everything in it, unless it was
// published. A killed owner's one is removed by the next ImageStore::sweep().
class Quarantine {
  public:
    Quarantine(Quarantine&& other) noexcept;
    Quarantine& operator=(Quarantine&&) = delete;
    Quarantine(const Quarantine&) = delete;
    ~Quarantine();

    const std::filesystem::path& path() const { return path_; }
    // A new file for reading and writing, mode 0600. `name`: letters, digits, '.', '_', '-'.
    base::UniqueFd open_disk_file(const std::string& name) const;

  private:
    friend class ImageStore;
    Quarantine(std::filesystem::path path, std::filesystem::path lock_path, base::FileLock lock);
    std::filesystem::path path_;  // empty: published or moved from
    std::filesystem::path lock_path_;
    base::FileLock lock_;
};

class ImageStore {
  public:
    // Makes DATA/images when absent and sweeps what killed processes left.
    explicit ImageStore(std::filesystem::path data_dir);

    Quarantine begin_quarantine();
    // Syncs and renames. The record's files must exist in the quarantine and the disk must have
    // capacity_bytes. When the same image is there already it is kept and returned, and the
    // quarantine is dropped.
    ImageRecord publish(Quarantine quarantine, ImageRecord record);

    std::optional<ImageRecord> find(const std::string& id) const;
    ImageRecord require(const std::string& id) const;  // throws not_found
    std::vector<ImageRecord> list() const;             // by name
    // Absolute paths of an image's files; kernel and initrd are empty when it has none.
    std::filesystem::path disk_path(const ImageRecord& record) const;
    std::filesystem::path kernel_path(const ImageRecord& record) const;
    std::filesystem::path initrd_path(const ImageRecord& record) const;

    // Holders keep an image from being removed: "deployment:guestbook". Both may be repeated.
    void add_reference(const std::string& id, const std::string& holder);
    void drop_reference(const std::string& id, const std::string& holder);
    // Holders, then machines ("machine:<id>", found in DATA/machines/*/spec.json).
    std::vector<std::string> users(const std::string& id) const;
    // Throws conflict while it has users. An absent one is fine.
    void remove(const std::string& id);

    // Throws an environment error naming the store's folder when fewer bytes are free.
    void require_free_space(std::uint64_t bytes) const;
    // Runs fn; its "no space" errors become an environment error naming the store's folder.
    template <typename Fn>
    auto in_store(Fn&& fn) const -> decltype(fn());
    const std::filesystem::path& folder() const { return folder_; }
    // Removes quarantines whose owner has ended. The constructor does it too.
    void sweep();

  private:
    [[noreturn]] void rethrow_explained(const base::SystemError& error) const;
    std::filesystem::path image_folder(const std::string& id) const;
    std::filesystem::path data_dir_;
    std::filesystem::path folder_;
};

template <typename Fn>
auto ImageStore::in_store(Fn&& fn) const -> decltype(fn()) {
    try {
        return std::forward<Fn>(fn)();
    } catch (const base::SystemError& error) {
        rethrow_explained(error);
    }
}

}  // namespace hvruntime
