// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/tar/tar_writer.h"

#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/package/tar/tar_header.h"

namespace ovfkit {

namespace {

constexpr std::uint64_t kFixedTime = 315532800;  // 1980-01-01, the start of zip's calendar
constexpr std::uint64_t kRecord = 20 * kTarBlock;

std::uint64_t padding_after(std::uint64_t size, std::uint64_t unit) {
    return (unit - size % unit) % unit;
}

}  // namespace

std::uint64_t package_time() {
    const char* text = std::getenv("SOURCE_DATE_EPOCH");
    if (text == nullptr || *text == '\0') {
        return kFixedTime;
    }
    const std::optional<std::uint64_t> value = parse_decimal(text);
    if (!value) {
        throw base::Error(
            base::ErrorKind::usage,
            fmt::format("SOURCE_DATE_EPOCH is '{}', which is no number of seconds", text),
            "unset it, or set it to seconds since 1970");
    }
    return *value;
}

TarWriter::TarWriter(base::ByteSink& sink, std::uint64_t mtime) : sink_(&sink), mtime_(mtime) {
}

TarWriter::TarWriter(int fd, std::string name, std::uint64_t mtime)
    : fd_(fd), name_(std::move(name)), mtime_(mtime) {
    const off_t offset = ::lseek(fd_, 0, SEEK_CUR);
    if (offset < 0) {
        throw base::SystemError(errno, fmt::format("cannot seek in '{}'", name_));
    }
    base_offset_ = static_cast<std::uint64_t>(offset);
}

void TarWriter::put(std::span<const std::byte> data) {
    if (seekable()) {
        base::write_all(fd_, data, name_);
    } else {
        sink_->write(data);
    }
    position_ += data.size();
}

void TarWriter::put_zeros(std::uint64_t count) {
    static constexpr std::array<std::byte, 2 * kRecord> kZeros{};
    while (count > 0) {
        const std::size_t step = std::min<std::uint64_t>(count, kZeros.size());
        put(std::span(kZeros).first(step));
        count -= step;
    }
}

void TarWriter::begin_member(const std::string& name, std::optional<std::uint64_t> size) {
    if (in_member_ || (!size && !seekable())) {
        base::unreachable("tar member begun inside another, or without a size into a pipe");
    }
    put(make_tar_header(name, size.value_or(0), mtime_));
    member_name_ = name;
    member_start_ = position_;
    announced_ = size;
    in_member_ = true;
}

void TarWriter::write(std::span<const std::byte> data) {
    const std::uint64_t written = position_ - member_start_;
    if (announced_ && data.size() > *announced_ - written) {
        throw base::Error(base::ErrorKind::internal,
                          fmt::format("member '{}' has more than the announced {} bytes",
                                      member_name_, *announced_));
    }
    put(data);
}

void TarWriter::end_member() {
    const std::uint64_t written = position_ - member_start_;
    if (announced_ && written != *announced_) {
        throw base::Error(base::ErrorKind::internal,
                          fmt::format("member '{}' has {} bytes, but {} were announced",
                                      member_name_, written, *announced_));
    }
    put_zeros(padding_after(written, kTarBlock));
    if (!announced_) {
        base::pwrite_all(fd_, make_tar_header(member_name_, written, mtime_),
                         base_offset_ + member_start_ - kTarBlock, name_);
    }
    in_member_ = false;
}

void TarWriter::patch(std::uint64_t offset, std::string_view data) {
    if (!seekable() || offset + data.size() > position_) {
        base::unreachable("patching a tar stream, or beyond its end");
    }
    base::pwrite_all(fd_, base::as_bytes(data), base_offset_ + offset, name_);
}

void TarWriter::finish() {
    // In one write: an archive is complete or visibly not.
    constexpr std::uint64_t kEndBlocks = 2 * kTarBlock;
    put_zeros(kEndBlocks + padding_after(position_ + kEndBlocks, kRecord));
}

}  // namespace ovfkit
