// SPDX-License-Identifier: Apache-2.0
// The file system of a Linux in disk images as a FileTree: nobody mounts them, no root is needed.
// Their partitions are found, the root file system among them, and what its /etc/fstab mounts of
// these disks is laid over it. ext2, ext3 and ext4 are read; others are named and left out.
//
// A stranger's disk is interpreted in a locked-down child: with_disk_tree() and DiskTarStream. The
// class itself is for what runs inside it, and for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/sandbox/sandbox.h"
#include "imagebuilder/filetree/disk/disk_pages.h"
#include "imagebuilder/filetree/disk/fstab.h"
#include "imagebuilder/filetree/ext4/ext4_volume.h"
#include "imagebuilder/filetree/file_tree.h"
#include "imagebuilder/filetree/tar/tree_tar.h"
#include "ovfkit/disk/disk_reader.h"

namespace imagebuilder {

// Where a disk is: an image, or a thin clone over another.
struct DiskFile {
    std::string path;
    std::optional<ovfkit::DiskFormat> format;  // of the image; else what its first bytes say
    // The raw disk below, whatever the image names: then it is a qcow2. Empty: it stands alone.
    std::string base;
};
std::unique_ptr<ovfkit::DiskReader> open_disk_file(const DiskFile& file);
// The paths, for messages: "web.qcow2, data.qcow2".
std::string names_of(const std::vector<DiskFile>& files);

struct DiskPart {
    std::size_t disk = 0;  // which of the disks it is on
    unsigned number = 0;   // as Linux counts them; 0: the whole disk
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::string type;         // of the partition: a UUID or "0x83"
    std::string uuid;         // PARTUUID
    std::string name;         // GPT
    std::string file_system;  // "ext4", "XFS", "LVM", "swap", …; empty: unknown
    std::string fs_uuid;      // of ext, as the label
    std::string fs_label;
    std::string mounted;         // where it is in this tree: "/", "/boot"; empty: nowhere
    bool journal_dirty = false;  // of what is mounted: changes may be missing that the journal has
};

struct DiskContents {
    std::string table;  // of the first disk: "none", "mbr", "gpt"
    std::string disk_id;
    std::vector<DiskPart> parts;
    std::vector<std::string> notes;  // what a user should know: damage, what is not read
    // Places that fstab mounts at boot and whose file systems are not read: "/srv".
    std::vector<std::string> unread;
};

struct DiskTreeOptions {
    std::optional<unsigned> root_partition;  // its number; else the one that looks like it
};

// The hint of an unsupported disk with a file system that may hold a system and is not read here.
inline constexpr const char* kReadByLibguestfs =
    "the libguestfs executor reads it: --executor=libguestfs";

class DiskTree : public FileTree {
  public:
    // Borrows the disks, in the machine's order. Throws unsupported when the root is on something
    // that is not read, not_found when there is none.
    explicit DiskTree(const ovfkit::DiskReader& disk, const DiskTreeOptions& options = {});
    explicit DiskTree(const std::vector<const ovfkit::DiskReader*>& disks,
                      const DiskTreeOptions& options = {});

    const DiskContents& contents() const { return contents_; }

    // Of the disk with the root; until that is found, of the first.
    const std::string& name() const override;
    std::optional<TreeEntry> find(std::string_view path) const override;
    std::optional<std::string> resolve(std::string_view path) const override;
    std::vector<TreeEntry> list(std::string_view path) const override;
    std::string read(std::string_view path, std::uint64_t max_bytes) const override;
    void read_runs(std::string_view path, const TakeBytes& take) const override;
    std::vector<FileRun> stored_runs(std::string_view path) const override;
    std::vector<TreeAttribute> attributes(std::string_view path) const override;

  private:
    struct Node {
        std::size_t part = 0;  // an index into contents_.parts and volumes_
        std::uint32_t inode = 0;
    };
    struct Folder {
        std::size_t part = 0;
        std::vector<Ext4Volume::Child> children;
        std::vector<std::optional<TreeEntry>> entries;  // of the children, as they are asked for
    };

    void read_contents();
    void read_parts(std::size_t disk);
    std::string describe_part(const DiskPart& part) const;
    std::optional<std::size_t> disk_called(const std::string& device) const;
    std::string own_disk_name(const std::vector<FstabMount>& mounts) const;
    std::optional<std::size_t> find_part_of(const FstabMount& line,
                                            const std::string& own_disk) const;
    const Ext4Volume& volume(std::size_t part) const;
    std::size_t find_root(const DiskTreeOptions& options);
    int rate_as_root(std::size_t part);
    void set_root(std::size_t part);
    void mount_others();
    std::optional<std::size_t> find_part(const std::string& device) const;
    void mount(std::size_t part, const std::string& place);
    [[noreturn]] void fail_without_root() const;

    std::optional<Node> find_node(const std::string& plain) const;
    std::optional<TreeEntry> find_plain(const std::string& plain) const;
    std::optional<std::size_t> find_child(const Folder& folder, std::string_view name) const;
    TreeEntry entry_of(Node node, std::string_view name) const;
    Folder* folder(const std::string& plain) const;
    Node require_file(std::string_view path) const;
    std::string called(std::string_view path) const;

    std::vector<std::unique_ptr<DiskPages>> pages_;  // of each disk
    DiskContents contents_;
    mutable std::vector<std::unique_ptr<Ext4Volume>> volumes_;  // opened when they are needed
    std::map<std::string, std::size_t> mounts_;                 // plain path → part, "/" too
    mutable std::unordered_map<std::string, Folder> folders_;   // by plain path
    mutable std::size_t cached_children_ = 0;
    // The one place of each folder by part and inode: a second one is damage, or a circle.
    mutable std::unordered_map<std::uint64_t, std::string> places_;
};

// What a locked-down child may use up for a disk.
base::SandboxLimits disk_tree_limits();

// What `work` returns; it runs in a locked-down child that can read the disks and nothing else.
// What comes back was made by a process that a disk may have taken over: check it. Throws what
// DiskTree and `work` throw.
std::string with_disk_tree(const std::vector<DiskFile>& files, const DiskTreeOptions& options,
                           const std::function<std::string(const DiskTree&)>& work);
std::string with_disk_tree(const std::string& path, const DiskTreeOptions& options,
                           const std::function<std::string(const DiskTree&)>& work);

// The whole tree as a tar stream (see tar/tree_tar.h) from a locked-down child. fd() is read to its
// end, then finish() throws what went wrong.
class DiskTarStream {
  public:
    // Of `tar` the limit on content is set here, by the size of the disks.
    explicit DiskTarStream(const std::vector<DiskFile>& files, const DiskTreeOptions& options = {},
                           TreeTarOptions tar = {});
    explicit DiskTarStream(const std::string& path, const DiskTreeOptions& options = {},
                           TreeTarOptions tar = {});
    int fd() const { return stream_->fd(); }
    void finish() { stream_->finish(); }

  private:
    std::vector<std::unique_ptr<ovfkit::DiskReader>> disks_;
    std::unique_ptr<base::SandboxedStream> stream_;
};

}  // namespace imagebuilder
