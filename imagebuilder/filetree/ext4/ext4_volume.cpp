// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/filetree/ext4/ext4_volume.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <optional>

extern "C" {
#include <et/com_err.h>
#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>
}

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "imagebuilder/filetree/ext4/block_map.h"
#include "imagebuilder/filetree/ext4/folder_block.h"
#include "ovfkit/disk/byte_order.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;
using ovfkit::load_le;

constexpr std::uint64_t kSuperblockPlace = 1024;
constexpr std::uint64_t kMostDescriptorTableBytes = std::uint64_t{64} << 20U;
constexpr std::size_t kLongestTarget = 4095;
constexpr std::uint64_t kLongestFolder = std::uint64_t{512} << 20U;
constexpr std::size_t kRunPiece = std::size_t{1} << 20U;
constexpr std::size_t kOldInodeBytes = 128;
constexpr std::size_t kExtentBytes = 12;
constexpr std::uint32_t kInodeAttributesMagic = 0xea020000;

// ---- libext2fs's way to the disk: an io_manager that reads DiskPages.

}  // namespace

// Not in the unnamed namespace: State has one.
struct Ext4Channel {
    const DiskPages* disk = nullptr;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::exception_ptr failure;  // what the disk threw, until check() throws it again
};

namespace {

// The channel that ext2fs_open2 is to open: it passes nothing but a name.
thread_local Ext4Channel* channel_to_open = nullptr;

Ext4Channel& channel_of(io_channel channel) {
    return *static_cast<Ext4Channel*>(channel->private_data);
}

errcode_t open_channel(const char* /*name*/, int /*flags*/, io_channel* channel) {
    auto* made = new (std::nothrow) struct_io_channel();
    if (made == nullptr) {
        return EXT2_ET_NO_MEMORY;
    }
    made->magic = EXT2_ET_MAGIC_IO_CHANNEL;
    made->manager = nullptr;  // set by the manager's own open below
    made->block_size = 1024;
    made->refcount = 1;
    made->private_data = channel_to_open;
    *channel = made;
    return 0;
}

errcode_t close_channel(io_channel channel) {
    if (--channel->refcount <= 0) {
        delete channel;
    }
    return 0;
}

errcode_t set_block_size(io_channel channel, int size) {
    channel->block_size = size;
    return 0;
}

// A negative count means bytes.
errcode_t read_blocks(io_channel channel, unsigned long long block, int count, void* data) {
    Ext4Channel& volume = channel_of(channel);
    const auto block_bytes = static_cast<std::uint64_t>(channel->block_size);
    const std::uint64_t bytes = count < 0 ? static_cast<std::uint64_t>(-std::int64_t{count})
                                          : static_cast<std::uint64_t>(count) * block_bytes;
    if (block > volume.bytes / block_bytes || bytes > volume.bytes - block * block_bytes) {
        return EXT2_ET_SHORT_READ;
    }
    try {
        volume.disk->read_at(volume.offset + block * block_bytes,
                             {static_cast<std::byte*>(data), bytes});
    } catch (...) {
        volume.failure = std::current_exception();
        return EXT2_ET_SHORT_READ;
    }
    return 0;
}

errcode_t read_blocks_short(io_channel channel, unsigned long block, int count, void* data) {
    return read_blocks(channel, block, count, data);
}

errcode_t refuse_write(io_channel, unsigned long, int, const void*) {
    return EXT2_ET_RO_FILSYS;
}

errcode_t refuse_write64(io_channel, unsigned long long, int, const void*) {
    return EXT2_ET_RO_FILSYS;
}

errcode_t flush_nothing(io_channel) {
    return 0;
}

io_manager disk_manager() {
    static struct_io_manager manager = [] {
        struct_io_manager made{};
        made.magic = EXT2_ET_MAGIC_IO_MANAGER;
        made.name = "muster's disk reader";
        made.close = &close_channel;
        made.set_blksize = &set_block_size;
        made.read_blk = &read_blocks_short;
        made.read_blk64 = &read_blocks;
        made.write_blk = &refuse_write;
        made.write_blk64 = &refuse_write64;
        made.flush = &flush_nothing;
        return made;
    }();
    manager.open = [](const char* name, int flags, io_channel* channel) -> errcode_t {
        const errcode_t status = open_channel(name, flags, channel);
        if (status == 0) {
            (*channel)->manager = &manager;
        }
        return status;
    };
    return &manager;
}

std::string_view reason_of(errcode_t status) {
    switch (status) {
        case EXT2_ET_SHORT_READ: return "what it points at lies outside of it";
        case EXT2_ET_INODE_CSUM_INVALID: return "the checksum of an inode does not match";
        case EXT2_ET_SB_CSUM_INVALID: return "the checksum of the superblock does not match";
        default: return error_message(status);
    }
}

int take_attribute(char* name, char* value, std::size_t bytes, void* list) {
    try {
        // The content of a small file, not an attribute of it.
        if (std::string_view(name) != "system.data") {
            static_cast<std::vector<TreeAttribute>*>(list)->emplace_back(name,
                                                                         std::string(value, bytes));
        }
        return 0;
    } catch (...) {
        return XATTR_ABORT;
    }
}

}  // namespace

struct Ext4Volume::State {
    struct Inode {
        ext2_ino_t number = 0;
        ext2_inode_large raw{};
        bool has_attributes = false;
    };

    std::string name;
    Ext4Channel channel;
    ext2_filsys fs = nullptr;
    bool cut_off = false;

    ~State() {
        if (fs != nullptr) {
            ext2fs_free(fs);
        }
    }

    [[noreturn]] void fail(std::string_view what) const {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("{}: the file system is damaged: {}", name, what),
                    "let e2fsck repair a copy of the disk");
    }
    [[noreturn]] void fail_at(ext2_ino_t inode, std::string_view what) const {
        fail(fmt::format("inode {}: {}", inode, what));
    }
    void check(errcode_t status, ext2_ino_t inode = 0);
    void check_superblock();
    void open();

    std::uint32_t block_bytes() const { return fs->blocksize; }
    std::uint64_t size_of(const ext2_inode_large& raw) const;
    Inode read_inode(ext2_ino_t number);
    std::string inline_data(const Inode& inode);
    std::vector<BlockRun> runs_of(const Inode& inode, std::uint64_t size);
    void read_content(const Inode& inode, std::uint64_t size, std::size_t piece,
                      const FileTree::TakeBytes& take);
    std::string target_of(const Inode& inode);
    void check_readable(const Inode& inode) const;
    TreeEntry make_entry(const Inode& inode);
    std::vector<Child> children(const Inode& folder);
    void check_children(const Inode& folder, std::vector<Child>& children) const;
};

void Ext4Volume::State::check(errcode_t status, ext2_ino_t inode) {
    const std::exception_ptr failure = std::exchange(channel.failure, nullptr);
    if (status == 0) {
        return;
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
    if (status == EXT2_ET_NO_MEMORY || status == ENOMEM) {
        throw std::bad_alloc();
    }
    if (status == EXT2_ET_UNSUPP_FEATURE || status == EXT2_ET_RO_UNSUPP_FEATURE) {
        throw Error(
            ErrorKind::unsupported,
            fmt::format("{}: the file system has features that this muster does not know", name),
            "the libguestfs executor reads it: --executor=libguestfs");
    }
    if (inode == 0) {
        fail(reason_of(status));
    }
    fail_at(inode, reason_of(status));
}

// What libext2fs would believe before it reads: the size of the table it makes room for.
void Ext4Volume::State::check_superblock() {
    if (channel.bytes < kSuperblockPlace + sizeof(ext2_super_block)) {
        fail("its place is too short for it");
    }
    const std::vector<std::byte> super =
        channel.disk->read(channel.offset + kSuperblockPlace, sizeof(ext2_super_block));
    const auto log_block = load_le<std::uint32_t>(super, 0x18);
    const auto per_group = load_le<std::uint32_t>(super, 0x20);
    const auto incompat = load_le<std::uint32_t>(super, 0x60);
    const bool wide = (incompat & EXT4_FEATURE_INCOMPAT_64BIT) != 0;
    const std::uint64_t blocks =
        load_le<std::uint32_t>(super, 0x04) |
        (wide ? std::uint64_t{load_le<std::uint32_t>(super, 0x150)} << 32U : 0);
    const std::uint64_t descriptor = wide ? load_le<std::uint16_t>(super, 0xfe) : 32;
    if (log_block > 6 || per_group < 8 ||
        blocks / per_group > kMostDescriptorTableBytes / std::max<std::uint64_t>(descriptor, 32)) {
        fail("its superblock makes no sense");
    }
    cut_off = blocks > channel.bytes >> (10U + log_block);
}

void Ext4Volume::State::open() {
    static const bool table = [] {
        initialize_ext2_error_table();
        return true;
    }();
    static_cast<void>(table);
    check_superblock();
    channel_to_open = &channel;
    const errcode_t status =
        ext2fs_open2(name.c_str(), nullptr, EXT2_FLAG_64BITS, 0, 0, disk_manager(), &fs);
    channel_to_open = nullptr;
    check(status);
    if (EXT2_INODE_SIZE(fs->super) < static_cast<int>(kOldInodeBytes)) {
        fail("its inodes are too small");
    }
}

std::uint64_t Ext4Volume::State::size_of(const ext2_inode_large& raw) const {
    const bool wide = LINUX_S_ISREG(raw.i_mode) || ext2fs_has_feature_largedir(fs->super) != 0;
    return raw.i_size | (wide ? std::uint64_t{raw.i_size_high} << 32U : 0);
}

Ext4Volume::State::Inode Ext4Volume::State::read_inode(ext2_ino_t number) {
    const bool plausible = number == EXT2_ROOT_INO || number >= EXT2_FIRST_INO(fs->super);
    if (!plausible || number > fs->super->s_inodes_count) {
        fail(fmt::format("inode {} is not one of a file", number));
    }
    const auto inode_bytes = static_cast<std::size_t>(EXT2_INODE_SIZE(fs->super));
    std::vector<std::byte> bytes(std::max(inode_bytes, sizeof(ext2_inode_large)));
    // SAFETY: libext2fs fills as many bytes as it is told there are.
    check(ext2fs_read_inode_full(fs, number, reinterpret_cast<ext2_inode*>(bytes.data()),
                                 static_cast<int>(inode_bytes)),
          number);
    Inode inode{.number = number};
    std::memcpy(&inode.raw, bytes.data(), sizeof(inode.raw));
    if (inode_bytes <= kOldInodeBytes) {
        inode.raw.i_extra_isize = 0;
        inode.raw.i_mtime_extra = 0;
    }
    if (inode.raw.i_mode == 0 || inode.raw.i_links_count == 0) {
        fail_at(number, "it is deleted, and yet has a name");
    }
    const std::size_t attributes = kOldInodeBytes + inode.raw.i_extra_isize;
    inode.has_attributes =
        ext2fs_file_acl_block(fs, reinterpret_cast<ext2_inode*>(&inode.raw)) != 0 ||
        (inode_bytes > kOldInodeBytes && attributes + 4 <= inode_bytes &&
         load_le<std::uint32_t>(bytes, attributes) == kInodeAttributesMagic);
    return inode;
}

std::string Ext4Volume::State::inline_data(const Inode& inode) {
    std::size_t bytes = 0;
    check(ext2fs_inline_data_size(fs, inode.number, &bytes), inode.number);
    std::string data(bytes, '\0');
    check(ext2fs_inline_data_get(fs, inode.number, nullptr, data.data(), &bytes), inode.number);
    data.resize(std::min(bytes, data.size()));
    return data;
}

std::vector<BlockRun> Ext4Volume::State::runs_of(const Inode& inode, std::uint64_t size) {
    const bool extents = (inode.raw.i_flags & EXT4_EXTENTS_FL) != 0;
    BlockMapSource source;
    source.root = std::as_bytes(std::span(inode.raw.i_block));
    source.size_blocks = size == 0 ? 0 : (size - 1) / block_bytes() + 1;
    source.volume_blocks = ext2fs_blocks_count(fs->super);
    source.block_bytes = block_bytes();
    source.read_block = [&](std::uint64_t block) {
        std::vector<std::byte> bytes(block_bytes());
        check(io_channel_read_blk64(fs->io, block, 1, bytes.data()), inode.number);
        // Where the checksum is said to be; what is no node is found out later.
        const std::size_t tail = (load_le<std::uint16_t>(bytes, 4) + std::size_t{1}) * kExtentBytes;
        // SAFETY: the tail is inside the block, and libext2fs reads nothing behind it.
        if (extents && load_le<std::uint16_t>(bytes, 0) == EXT3_EXT_MAGIC &&
            (tail + sizeof(ext3_extent_tail) > bytes.size() ||
             ext2fs_extent_block_csum_verify(
                 fs, inode.number, reinterpret_cast<ext3_extent_header*>(bytes.data())) == 0)) {
            fail_at(inode.number, "the checksum of its extents does not match");
        }
        return bytes;
    };
    try {
        return extents ? map_extents(source) : map_block_lists(source);
    } catch (Error& error) {
        error.add_context(
            fmt::format("{}: the file system is damaged: inode {}", name, inode.number));
        throw;
    }
}

void Ext4Volume::State::read_content(const Inode& inode, std::uint64_t size, std::size_t piece,
                                     const FileTree::TakeBytes& take) {
    check_readable(inode);
    if ((inode.raw.i_flags & EXT4_INLINE_DATA_FL) != 0) {
        const std::string data = inline_data(inode);
        if (size > 0 && !data.empty()) {
            take(0, base::as_bytes(data).first(std::min<std::uint64_t>(size, data.size())));
        }
        return;
    }
    std::vector<std::byte> buffer;
    for (const BlockRun& run : runs_of(inode, size)) {
        std::uint64_t at = run.logical * block_bytes();
        const std::uint64_t end = std::min(size, at + run.length * block_bytes());
        std::uint64_t place = run.physical * block_bytes();
        while (at < end) {
            const std::size_t count = std::min<std::uint64_t>(piece, end - at);
            if (place > channel.bytes || count > channel.bytes - place) {
                fail_at(inode.number, "its content lies beyond the end of the disk");
            }
            buffer.resize(std::max(buffer.size(), count));
            channel.disk->read_at(channel.offset + place, std::span(buffer).first(count));
            take(at, std::span(buffer).first(count));
            at += count;
            place += count;
        }
    }
}

void Ext4Volume::State::check_readable(const Inode& inode) const {
    if ((inode.raw.i_flags & EXT4_ENCRYPT_FL) != 0) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("{}: inode {} is encrypted", name, inode.number),
                    "only the running machine has the key");
    }
}

std::string Ext4Volume::State::target_of(const Inode& inode) {
    const std::uint64_t size = size_of(inode.raw);
    if (size > kLongestTarget) {
        fail_at(inode.number, "a symbolic link of that length cannot be");
    }
    ext2_inode plain{};
    std::memcpy(&plain, &inode.raw, sizeof(plain));
    std::string target(size, '\0');
    if ((inode.raw.i_flags & EXT4_INLINE_DATA_FL) == 0 && ext2fs_is_fast_symlink(&plain) != 0) {
        check_readable(inode);
        std::memcpy(target.data(), inode.raw.i_block, size);  // shorter than the 60 bytes there
        return target;
    }
    read_content(inode, size, kRunPiece, [&](std::uint64_t at, std::span<const std::byte> bytes) {
        target.replace(at, bytes.size(), base::as_text(bytes));
    });
    return target;
}

TreeEntry Ext4Volume::State::make_entry(const Inode& inode) {
    const ext2_inode_large& raw = inode.raw;
    TreeEntry entry;
    entry.permissions = raw.i_mode & 07777U;
    entry.uid = inode_uid(raw);
    entry.gid = inode_gid(raw);
    entry.links = raw.i_links_count;
    entry.file_id = inode.number;
    // Two bits of the extra field prolong the seconds.
    entry.mtime = static_cast<std::int32_t>(raw.i_mtime) +
                  (static_cast<std::int64_t>(raw.i_mtime_extra & EXT4_EPOCH_MASK) << 32U);
    switch (raw.i_mode & LINUX_S_IFMT) {
        case LINUX_S_IFREG:
            entry.type = TreeEntry::Type::file;
            entry.size = size_of(raw);
            return entry;
        case LINUX_S_IFDIR: entry.type = TreeEntry::Type::directory; return entry;
        case LINUX_S_IFLNK:
            entry.type = TreeEntry::Type::symlink;
            entry.link_target = target_of(inode);
            return entry;
        case LINUX_S_IFCHR: entry.special = 'c'; break;
        case LINUX_S_IFBLK: entry.special = 'b'; break;
        case LINUX_S_IFIFO: entry.special = 'p'; break;
        case LINUX_S_IFSOCK: entry.special = 's'; break;
        default: fail_at(inode.number, "it is of no known type");
    }
    entry.type = TreeEntry::Type::other;
    if (entry.special == 'c' || entry.special == 'b') {
        const std::uint32_t old_form = raw.i_block[0];
        const std::uint32_t new_form = raw.i_block[1];
        entry.device_major = old_form != 0 ? (old_form >> 8U) & 0xffU : (new_form >> 8U) & 0xfffU;
        entry.device_minor =
            old_form != 0 ? old_form & 0xffU : (new_form & 0xffU) | ((new_form >> 12U) & 0xfff00U);
    }
    return entry;
}

std::vector<Ext4Volume::Child> Ext4Volume::State::children(const Inode& folder) {
    std::vector<Child> found;
    const auto take = [&](std::string_view child, std::uint32_t inode) {
        if (found.size() == kMaxFolderEntries) {
            fail_at(folder.number, fmt::format("more than {} entries", kMaxFolderEntries));
        }
        found.push_back({std::string(child), inode});
    };
    const auto read_block = [&](std::span<const std::byte> block) {
        const char* damage = read_folder_block(block, take);
        if (damage != nullptr) {
            fail_at(folder.number, damage);
        }
    };
    const std::uint64_t size = size_of(folder.raw);
    if (size > kLongestFolder) {
        fail_at(folder.number, "a folder of that length cannot be");
    }
    if ((folder.raw.i_flags & EXT4_INLINE_DATA_FL) != 0) {
        check_readable(folder);
        const std::string data = inline_data(folder);
        const std::span<const std::byte> bytes = base::as_bytes(data);
        // In the inode itself: the parent's number, then entries; further ones behind these 60
        // bytes.
        if (bytes.size() > 4) {
            read_block(bytes.subspan(4, std::min<std::size_t>(bytes.size(), 60) - 4));
        }
        if (bytes.size() > 60) {
            read_block(bytes.subspan(60));
        }
        return found;
    }
    read_content(folder, size, block_bytes(), [&](std::uint64_t, std::span<const std::byte> block) {
        if (block.size() != block_bytes()) {
            fail_at(folder.number, "a folder of part of a block cannot be");
        }
        // SAFETY: a whole block, which libext2fs only reads.
        auto* entry =
            const_cast<ext2_dir_entry*>(reinterpret_cast<const ext2_dir_entry*>(block.data()));
        if (ext2fs_dir_block_csum_verify(fs, folder.number, entry) == 0) {
            fail_at(folder.number, "the checksum of the folder does not match");
        }
        read_block(block);
    });
    return found;
}

Ext4Volume::Ext4Volume(const DiskPages& disk, std::uint64_t offset, std::uint64_t bytes,
                       std::string name)
    : state_(std::make_unique<State>()) {
    state_->name = std::move(name);
    state_->channel = {&disk, offset, bytes, nullptr};
    state_->open();
}

Ext4Volume::~Ext4Volume() = default;

TreeEntry Ext4Volume::entry(std::uint32_t inode) const {
    return state_->make_entry(state_->read_inode(inode));
}

std::vector<Ext4Volume::Child> Ext4Volume::children(std::uint32_t folder) const {
    const State::Inode inode = state_->read_inode(folder);
    if (!LINUX_S_ISDIR(inode.raw.i_mode)) {
        state_->fail_at(folder, "it is no folder");
    }
    std::vector<Child> children = state_->children(inode);
    std::sort(children.begin(), children.end(),
              [](const Child& a, const Child& b) { return a.name < b.name; });
    const auto twice =
        std::adjacent_find(children.begin(), children.end(),
                           [](const Child& a, const Child& b) { return a.name == b.name; });
    if (twice != children.end()) {
        state_->fail_at(folder, "a name is twice in the folder");
    }
    return children;
}

std::string Ext4Volume::read(std::uint32_t file, std::uint64_t max_bytes) const {
    const State::Inode inode = state_->read_inode(file);
    const std::uint64_t size = state_->size_of(inode.raw);
    if (size > max_bytes) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("the file is longer than {} bytes", max_bytes));
    }
    std::string content(size, '\0');
    state_->read_content(inode, size, kRunPiece,
                         [&](std::uint64_t at, std::span<const std::byte> bytes) {
                             std::memcpy(content.data() + at, bytes.data(), bytes.size());
                         });
    return content;
}

void Ext4Volume::read_runs(std::uint32_t file, const FileTree::TakeBytes& take) const {
    const State::Inode inode = state_->read_inode(file);
    state_->read_content(inode, state_->size_of(inode.raw), kRunPiece, take);
}

std::vector<FileRun> Ext4Volume::stored_runs(std::uint32_t file) const {
    const State::Inode inode = state_->read_inode(file);
    const std::uint64_t size = state_->size_of(inode.raw);
    std::vector<FileRun> runs;
    if ((inode.raw.i_flags & EXT4_INLINE_DATA_FL) != 0) {
        const std::uint64_t bytes =
            std::min<std::uint64_t>(size, state_->inline_data(inode).size());
        if (bytes > 0) {
            runs.push_back({0, bytes});
        }
        return runs;
    }
    for (const BlockRun& run : state_->runs_of(inode, size)) {
        const std::uint64_t begin = run.logical * state_->block_bytes();
        const std::uint64_t end = std::min(size, begin + run.length * state_->block_bytes());
        if (!runs.empty() && runs.back().offset + runs.back().bytes == begin) {
            runs.back().bytes = end - runs.back().offset;
        } else {
            runs.push_back({begin, end - begin});
        }
    }
    return runs;
}

std::vector<TreeAttribute> Ext4Volume::attributes(std::uint32_t inode) const {
    std::vector<TreeAttribute> found;
    if (!state_->read_inode(inode).has_attributes) {
        return found;
    }
    ext2_xattr_handle* handle = nullptr;
    state_->check(ext2fs_xattrs_open(state_->fs, inode, &handle), inode);
    errcode_t status = ext2fs_xattrs_read(handle);
    status = status != 0 ? status : ext2fs_xattrs_iterate(handle, &take_attribute, &found);
    ext2fs_xattrs_close(&handle);
    state_->check(status, inode);
    std::sort(found.begin(), found.end());
    return found;
}

bool Ext4Volume::journal_is_dirty() const {
    return ext2fs_has_feature_journal_needs_recovery(state_->fs->super) != 0;
}

bool Ext4Volume::is_cut_off() const {
    return state_->cut_off;
}

}  // namespace imagebuilder
