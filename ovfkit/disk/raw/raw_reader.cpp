// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/raw/raw_reader.h"

#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/disk/byte_order.h"

namespace ovfkit {

namespace {

class RawReader : public DiskReader {
  public:
    RawReader(base::UniqueFd fd, std::uint64_t size, std::string name)
        : fd_(std::move(fd)), name_(std::move(name)), file_size_(size) {}

    DiskFormat format() const override { return DiskFormat::raw; }
    const std::string& name() const override { return name_; }
    std::vector<int> descriptors() const override { return {fd_.get()}; }
    std::uint64_t capacity_bytes() const override { return round_up(file_size_, 512); }
    std::optional<DataRange> next_data(std::uint64_t offset) const override;
    void read_at(std::uint64_t offset, std::span<std::byte> buffer) const override;

  private:
    base::UniqueFd fd_;
    std::string name_;
    std::uint64_t file_size_;
};

// lseek moves the shared file position, which nothing here reads: pread is used throughout.
std::optional<DataRange> RawReader::next_data(std::uint64_t offset) const {
    if (offset >= file_size_) {
        return std::nullopt;
    }
    const off_t data = ::lseek(fd_.get(), static_cast<off_t>(offset), SEEK_DATA);
    if (data < 0 && errno == ENXIO) {
        return std::nullopt;
    }
    if (data < 0) {
        return DataRange{offset, file_size_ - offset};  // a file system or device without holes
    }
    const off_t hole = ::lseek(fd_.get(), data, SEEK_HOLE);
    const std::uint64_t begin = static_cast<std::uint64_t>(data);
    const std::uint64_t end = hole < 0 ? file_size_ : static_cast<std::uint64_t>(hole);
    if (begin >= file_size_) {
        return std::nullopt;
    }
    return DataRange{begin, std::min(end, file_size_) - begin};
}

void RawReader::read_at(std::uint64_t offset, std::span<std::byte> buffer) const {
    assert(offset + buffer.size() <= capacity_bytes());
    const std::size_t got = base::pread_some(fd_.get(), buffer, offset, name_);
    if (offset + got < std::min(offset + buffer.size(), file_size_)) {
        throw base::Error(base::ErrorKind::conflict,
                          fmt::format("disk '{}' became shorter while it was read", name_),
                          "stop what writes to it and try again");
    }
    std::fill(buffer.begin() + static_cast<std::ptrdiff_t>(got), buffer.end(), std::byte{0});
}

}  // namespace

std::uint64_t disk_file_size(int fd, const std::string& name) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) {
        throw base::SystemError(errno, fmt::format("cannot stat '{}'", name));
    }
    if (S_ISREG(info.st_mode)) {
        return static_cast<std::uint64_t>(info.st_size);
    }
    if (S_ISBLK(info.st_mode)) {
        const off_t end = ::lseek(fd, 0, SEEK_END);
        if (end < 0) {
            throw base::SystemError(errno, fmt::format("cannot find the size of '{}'", name));
        }
        return static_cast<std::uint64_t>(end);
    }
    throw base::Error(base::ErrorKind::invalid_input,
                      fmt::format("disk '{}' is neither a file nor a block device", name));
}

std::unique_ptr<DiskReader> open_raw(base::UniqueFd fd, std::uint64_t size, std::string name) {
    return std::make_unique<RawReader>(std::move(fd), size, std::move(name));
}

}  // namespace ovfkit
