// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/ext4_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

extern "C" {
#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>
}

#include <fmt/format.h>

#include "base/error.h"
#include "imagebuilder/disk/ext4_blocks.h"
#include "ovfkit/disk/zero_test.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kBlock = kExt4Block;
constexpr std::size_t kChunk = std::size_t{1} << 20U;

struct PathParts {
    std::string parent;
    std::string name;
};

PathParts split(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? PathParts{"", path}
                                      : PathParts{path.substr(0, slash), path.substr(slash + 1)};
}

std::uint16_t mode_of(const FileEntry& entry) {
    using Type = FileEntry::Type;
    std::uint32_t type = LINUX_S_IFREG;
    switch (entry.type) {
        case Type::directory: type = LINUX_S_IFDIR; break;
        case Type::symlink: type = LINUX_S_IFLNK; break;
        case Type::char_device: type = LINUX_S_IFCHR; break;
        case Type::block_device: type = LINUX_S_IFBLK; break;
        case Type::fifo: type = LINUX_S_IFIFO; break;
        case Type::socket: type = LINUX_S_IFSOCK; break;
        case Type::file:
        case Type::hard_link: break;
    }
    return static_cast<std::uint16_t>(type | entry.permissions);
}

int directory_type_of(std::uint16_t mode) {
    switch (mode & LINUX_S_IFMT) {
        case LINUX_S_IFDIR: return EXT2_FT_DIR;
        case LINUX_S_IFLNK: return EXT2_FT_SYMLINK;
        case LINUX_S_IFCHR: return EXT2_FT_CHRDEV;
        case LINUX_S_IFBLK: return EXT2_FT_BLKDEV;
        case LINUX_S_IFIFO: return EXT2_FT_FIFO;
        case LINUX_S_IFSOCK: return EXT2_FT_SOCK;
        default: return EXT2_FT_REG_FILE;
    }
}

}  // namespace

struct Ext4Writer::State {
    ext2_filsys fs = nullptr;
    std::optional<Ext4Blocks> space;
    WriteData write_data;  // past libext2fs, which never caches them
    std::uint64_t offset = 0;
    std::int64_t epoch = 0;
    std::uint64_t data_bytes = 0;
    std::uint64_t free_bytes = 0;
    std::unordered_map<std::string, ext2_ino_t> inodes;
    std::unordered_set<ext2_ino_t> folders;
    std::vector<std::byte> chunk = std::vector<std::byte>(kChunk);

    ~State() {
        if (fs != nullptr) {
            ext2fs_free(fs);  // not finished: nothing is flushed
        }
    }

    ext2_ino_t require_inode(const std::string& path) const;
    ext2_ino_t parent_of(const PathParts& parts, const std::string& path);
    void link(ext2_ino_t parent, const std::string& name, ext2_ino_t ino, int type,
              const std::string& path);
    ext2_ino_t new_inode(ext2_ino_t parent, const FileEntry& entry);
    void set_owner_and_times(ext2_inode& inode, const FileEntry& entry) const;
    void update_attributes(ext2_ino_t ino, const FileEntry& entry);
    void add_xattrs(ext2_ino_t ino, const FileEntry& entry);
    void add_directory(const FileEntry& entry);
    void add_symlink(const FileEntry& entry);
    void add_hard_link(const FileEntry& entry);
    void add_special(const FileEntry& entry);
    void add_file(const FileEntry& entry, const ReadData& read_data);
    std::size_t fill_chunk(const ReadData& read_data);
    void store_chunk(std::size_t filled, blk64_t logical, ExtentList& extents,
                     const std::string& path);
    void store_run(std::size_t begin, std::size_t end, blk64_t logical, ExtentList& extents,
                   const std::string& path);
};

ext2_ino_t Ext4Writer::State::require_inode(const std::string& path) const {
    const auto found = inodes.find(path);
    if (found == inodes.end()) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("the tree names '/{}' before it is there", path));
    }
    return found->second;
}

ext2_ino_t Ext4Writer::State::parent_of(const PathParts& parts, const std::string& path) {
    if (parts.name.empty() || parts.name.size() > EXT2_NAME_LEN) {
        throw Error(ErrorKind::invalid_input, fmt::format("'/{}' is no name for a file", path));
    }
    if (!inodes.contains(parts.parent)) {
        FileEntry folder;
        folder.path = parts.parent;
        folder.type = FileEntry::Type::directory;
        folder.permissions = 0755;
        folder.mtime = epoch;
        add_directory(folder);
    }
    const ext2_ino_t parent = require_inode(parts.parent);
    if (!folders.contains(parent)) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("'/{}' is in '/{}', which is no folder", path, parts.parent));
    }
    return parent;
}

void Ext4Writer::State::link(ext2_ino_t parent, const std::string& name, ext2_ino_t ino, int type,
                             const std::string& path) {
    errcode_t status = ext2fs_link(fs, parent, name.c_str(), ino, type);
    if (status == EXT2_ET_DIR_NO_SPACE) {
        check_ext4(ext2fs_expand_dir(fs, parent), path, "enlarge the folder of");
        status = ext2fs_link(fs, parent, name.c_str(), ino, type);
    }
    check_ext4(status, path, "link");
}

ext2_ino_t Ext4Writer::State::new_inode(ext2_ino_t parent, const FileEntry& entry) {
    ext2_ino_t ino = 0;
    check_ext4(ext2fs_new_inode(fs, parent, mode_of(entry), nullptr, &ino), entry.path, "make");
    return ino;
}

void Ext4Writer::State::set_owner_and_times(ext2_inode& inode, const FileEntry& entry) const {
    inode.i_mode = mode_of(entry);
    inode.i_uid = static_cast<__u16>(entry.uid & 0xffffU);
    inode.osd2.linux2.l_i_uid_high = static_cast<__u16>(entry.uid >> 16U);
    inode.i_gid = static_cast<__u16>(entry.gid & 0xffffU);
    inode.osd2.linux2.l_i_gid_high = static_cast<__u16>(entry.gid >> 16U);
    const auto time = static_cast<__u32>(std::clamp<std::int64_t>(entry.mtime, 0, epoch));
    inode.i_mtime = time;
    inode.i_atime = time;
    inode.i_ctime = time;
}

void Ext4Writer::State::update_attributes(ext2_ino_t ino, const FileEntry& entry) {
    ext2_inode inode{};
    check_ext4(ext2fs_read_inode(fs, ino, &inode), entry.path, "read the inode of");
    set_owner_and_times(inode, entry);
    check_ext4(ext2fs_write_inode(fs, ino, &inode), entry.path, "write the inode of");
}

void Ext4Writer::State::add_xattrs(ext2_ino_t ino, const FileEntry& entry) {
    if (entry.xattrs.empty()) {
        return;
    }
    ext2_xattr_handle* handle = nullptr;
    check_ext4(ext2fs_xattrs_open(fs, ino, &handle), entry.path, "open the attributes of");
    errcode_t status = ext2fs_xattrs_read(handle);
    for (const auto& [name, value] : entry.xattrs) {
        status = status != 0 ? status
                             : ext2fs_xattr_set(handle, name.c_str(), value.data(), value.size());
    }
    const errcode_t close_status = ext2fs_xattrs_close(&handle);  // writes them
    check_ext4(status != 0 ? status : close_status, entry.path, "set the attributes of");
}

void Ext4Writer::State::add_directory(const FileEntry& entry) {
    if (!entry.path.empty() && !inodes.contains(entry.path)) {
        const PathParts parts = split(entry.path);
        const ext2_ino_t parent = parent_of(parts, entry.path);
        const ext2_ino_t ino = new_inode(parent, entry);
        errcode_t status = ext2fs_mkdir(fs, parent, ino, parts.name.c_str());
        if (status == EXT2_ET_DIR_NO_SPACE) {
            check_ext4(ext2fs_expand_dir(fs, parent), entry.path, "enlarge the folder of");
            status = ext2fs_mkdir(fs, parent, ino, parts.name.c_str());
        }
        check_ext4(status, entry.path, "make the folder");
        inodes[entry.path] = ino;
        folders.insert(ino);
    }
    const ext2_ino_t ino = require_inode(entry.path);
    update_attributes(ino, entry);
    add_xattrs(ino, entry);
}

void Ext4Writer::State::add_symlink(const FileEntry& entry) {
    const PathParts parts = split(entry.path);
    const ext2_ino_t parent = parent_of(parts, entry.path);
    const ext2_ino_t ino = new_inode(parent, entry);
    errcode_t status =
        ext2fs_symlink(fs, parent, ino, parts.name.c_str(), entry.link_target.c_str());
    if (status == EXT2_ET_DIR_NO_SPACE) {
        check_ext4(ext2fs_expand_dir(fs, parent), entry.path, "enlarge the folder of");
        status = ext2fs_symlink(fs, parent, ino, parts.name.c_str(), entry.link_target.c_str());
    }
    check_ext4(status, entry.path, "make the symbolic link");
    inodes[entry.path] = ino;
    update_attributes(ino, entry);
    add_xattrs(ino, entry);
}

void Ext4Writer::State::add_hard_link(const FileEntry& entry) {
    const PathParts parts = split(entry.path);
    const ext2_ino_t ino = require_inode(entry.link_target);
    ext2_inode inode{};
    check_ext4(ext2fs_read_inode(fs, ino, &inode), entry.path, "read the inode of");
    link(parent_of(parts, entry.path), parts.name, ino, directory_type_of(inode.i_mode),
         entry.path);
    ++inode.i_links_count;
    check_ext4(ext2fs_write_inode(fs, ino, &inode), entry.path, "write the inode of");
    inodes[entry.path] = ino;
}

void Ext4Writer::State::add_special(const FileEntry& entry) {
    const PathParts parts = split(entry.path);
    const ext2_ino_t parent = parent_of(parts, entry.path);
    const ext2_ino_t ino = new_inode(parent, entry);
    ext2_inode inode{};
    set_owner_and_times(inode, entry);
    inode.i_links_count = 1;
    const std::uint32_t major = entry.device_major;
    const std::uint32_t minor = entry.device_minor;
    if (major < 256 && minor < 256) {
        inode.i_block[0] = (major << 8U) | minor;
    } else {
        inode.i_block[1] = (minor & 0xffU) | (major << 8U) | ((minor & ~0xffU) << 12U);
    }
    check_ext4(ext2fs_write_new_inode(fs, ino, &inode), entry.path, "write the inode of");
    ext2fs_inode_alloc_stats2(fs, ino, 1, 0);
    link(parent, parts.name, ino, directory_type_of(inode.i_mode), entry.path);
    inodes[entry.path] = ino;
    add_xattrs(ino, entry);
}

// Blocks [begin, end) of the chunk, none of them zero, as block `logical` and on of the file.
void Ext4Writer::State::store_run(std::size_t begin, std::size_t end, blk64_t logical,
                                  ExtentList& extents, const std::string& path) {
    while (begin < end) {
        const BlockRun run = space->take(static_cast<std::uint32_t>(end - begin), path);
        write_data(offset + run.first * kBlock,
                   std::span(chunk).subspan(begin * kBlock, run.length * kBlock));
        extents.add(logical, run);
        data_bytes += run.length * kBlock;
        begin += run.length;
        logical += run.length;
    }
}

// The first `filled` bytes of the chunk, whose first block is block `logical` of the file.
void Ext4Writer::State::store_chunk(std::size_t filled, blk64_t logical, ExtentList& extents,
                                    const std::string& path) {
    const std::size_t blocks = (filled + kBlock - 1) / kBlock;
    std::fill(chunk.begin() + static_cast<std::ptrdiff_t>(filled),
              chunk.begin() + static_cast<std::ptrdiff_t>(blocks * kBlock), std::byte{0});
    const auto is_hole = [&](std::size_t block) {
        return ovfkit::is_all_zero(std::span(chunk).subspan(block * kBlock, kBlock));
    };
    std::size_t begin = 0;
    while (begin < blocks) {
        if (is_hole(begin)) {
            ++begin;
            continue;
        }
        std::size_t end = begin + 1;
        while (end < blocks && !is_hole(end)) {
            ++end;
        }
        store_run(begin, end, logical + begin, extents, path);
        begin = end;
    }
}

// Fills the chunk, so that every chunk but a file's last one is whole blocks.
std::size_t Ext4Writer::State::fill_chunk(const ReadData& read_data) {
    std::size_t filled = 0;
    while (filled < kChunk) {
        const std::size_t got = read_data(std::span(chunk).subspan(filled));
        if (got == 0) {
            break;
        }
        filled += got;
    }
    return filled;
}

void Ext4Writer::State::add_file(const FileEntry& entry, const ReadData& read_data) {
    const PathParts parts = split(entry.path);
    const ext2_ino_t parent = parent_of(parts, entry.path);
    const ext2_ino_t ino = new_inode(parent, entry);
    ext2_inode inode{};
    set_owner_and_times(inode, entry);
    inode.i_links_count = 1;
    inode.i_flags = EXT4_EXTENTS_FL;
    check_ext4(ext2fs_write_new_inode(fs, ino, &inode), entry.path, "write the inode of");
    ext2fs_inode_alloc_stats2(fs, ino, 1, 0);

    std::uint64_t size = 0;
    {
        ExtentList extents(fs, ino, inode, entry.path);
        while (const std::size_t filled = fill_chunk(read_data)) {
            store_chunk(filled, size / kBlock, extents, entry.path);
            size += filled;
        }
        extents.flush();
    }
    if (size != entry.size) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("'/{}' has {} bytes in the tree's stream instead of {}", entry.path,
                                size, entry.size));
    }
    check_ext4(ext2fs_inode_size_set(fs, &inode, static_cast<ext2_off64_t>(size)), entry.path,
               "set the size of");
    check_ext4(ext2fs_write_inode(fs, ino, &inode), entry.path, "write the inode of");
    link(parent, parts.name, ino, EXT2_FT_REG_FILE, entry.path);
    inodes[entry.path] = ino;
    add_xattrs(ino, entry);
}

Ext4Writer::Ext4Writer(const std::filesystem::path& image, std::uint64_t offset, std::int64_t epoch,
                       WriteData write_data)
    : state_(std::make_unique<State>()) {
    initialize_ext2_error_table();
    state_->write_data = std::move(write_data);
    state_->offset = offset;
    state_->epoch = epoch;
    const std::string io_options = fmt::format("offset={}", offset);
    check_ext4(ext2fs_open2(image.c_str(), io_options.c_str(), EXT2_FLAG_RW | EXT2_FLAG_64BITS, 0,
                            0, unix_io_manager, &state_->fs),
               "", "open the file system of");
    state_->fs->now = epoch;  // what libext2fs stamps by itself
    check_ext4(ext2fs_read_bitmaps(state_->fs), "", "read the bitmaps of");
    state_->space.emplace(state_->fs);
    state_->inodes[""] = EXT2_ROOT_INO;
    state_->folders.insert(EXT2_ROOT_INO);
    ext2_ino_t lost_and_found = 0;
    if (ext2fs_lookup(state_->fs, EXT2_ROOT_INO, "lost+found", 10, nullptr, &lost_and_found) == 0) {
        state_->inodes["lost+found"] = lost_and_found;
        state_->folders.insert(lost_and_found);
    }
}

Ext4Writer::~Ext4Writer() = default;

void Ext4Writer::add(const FileEntry& entry, const ReadData& read_data) {
    using Type = FileEntry::Type;
    const auto there = state_->inodes.find(entry.path);
    if (there != state_->inodes.end() &&
        (entry.type != Type::directory || !state_->folders.contains(there->second))) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("'/{}' is twice in the tree's stream", entry.path));
    }
    switch (entry.type) {
        case Type::directory: state_->add_directory(entry); break;
        case Type::symlink: state_->add_symlink(entry); break;
        case Type::hard_link: state_->add_hard_link(entry); break;
        case Type::file: state_->add_file(entry, read_data); break;
        case Type::char_device:
        case Type::block_device:
        case Type::fifo:
        case Type::socket: state_->add_special(entry); break;
    }
}

void Ext4Writer::finish() {
    state_->free_bytes = ext2fs_free_blocks_count(state_->fs->super) * kBlock;
    ext2fs_mark_super_dirty(state_->fs);
    check_ext4(ext2fs_close_free(&state_->fs), "", "write the file system of");
}

std::uint64_t Ext4Writer::data_bytes() const {
    return state_->data_bytes;
}

std::uint64_t Ext4Writer::free_bytes() const {
    return state_->free_bytes;
}

}  // namespace imagebuilder
