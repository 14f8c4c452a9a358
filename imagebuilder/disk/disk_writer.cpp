// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/disk_writer.h"

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "ovfkit/disk/byte_order.h"
#include "ovfkit/disk/raw/raw_reader.h"

namespace imagebuilder {

namespace {

using ovfkit::DataRange;

constexpr std::uint64_t kCluster = ovfkit::Qcow2Writer::kClusterBytes;
constexpr std::uint64_t kBatch = ovfkit::Qcow2Encoder::kBatchBytes;

std::unique_ptr<ovfkit::DiskReader> open_raw_disk(const std::filesystem::path& path,
                                                  std::uint64_t bytes) {
    return ovfkit::open_raw(base::open_file(path.string(), O_RDONLY), bytes, path.string());
}

// Clusters of the disk that hold something, but for those in `sent`, which is sorted.
void add_clusters(const ovfkit::DiskReader& disk, const std::vector<DataRange>& sent_ranges,
                  ovfkit::Qcow2Encoder& encoder) {
    const std::uint64_t capacity = disk.capacity_bytes();
    auto sent = sent_ranges.begin();
    std::uint64_t done = 0;
    while (const auto range = disk.next_data(done)) {
        base::interrupt().check();
        std::uint64_t at = std::max(done, range->offset / kCluster * kCluster);
        const std::uint64_t end =
            std::min(ovfkit::round_up(range->offset + range->length, kCluster), capacity);
        while (at < end) {
            while (sent != sent_ranges.end() && sent->offset + sent->length <= at) {
                ++sent;
            }
            std::uint64_t stop = std::min(end, at + kBatch);
            if (sent != sent_ranges.end() && sent->offset <= at) {
                at = std::min(end, sent->offset + sent->length);
                continue;
            }
            if (sent != sent_ranges.end()) {
                stop = std::min(stop, sent->offset);
            }
            std::vector<std::byte> clusters(stop - at);
            disk.read_at(at, clusters);
            encoder.add(at, std::move(clusters));
            at = stop;
        }
        done = end;
    }
}

}  // namespace

void convert_to_qcow2(const std::filesystem::path& raw, const std::filesystem::path& qcow2) {
    const std::uint64_t bytes = base::file_size(raw);
    const base::UniqueFd fd = base::open_file(qcow2.string(), O_RDWR | O_CREAT | O_EXCL, 0644);
    ovfkit::Qcow2Encoder encoder(fd.get(), qcow2.string(), bytes);
    add_clusters(*open_raw_disk(raw, bytes), {}, encoder);
    encoder.finish();
}

DiskWriter::DiskWriter(const std::filesystem::path& scratch, const std::filesystem::path& qcow2,
                       std::uint64_t capacity_bytes)
    : scratch_(scratch),
      fd_(base::open_file(scratch.string(), O_RDWR | O_CREAT | O_EXCL, 0600)),
      capacity_bytes_(capacity_bytes),
      qcow2_(base::open_file(qcow2.string(), O_RDWR | O_CREAT | O_EXCL, 0644)),
      encoder_(qcow2_.get(), qcow2.string(), capacity_bytes) {
    if (::ftruncate(fd_.get(), static_cast<off_t>(capacity_bytes)) != 0) {
        throw base::SystemError(errno, fmt::format("cannot size '{}'", scratch.string()));
    }
    run_.reserve(kBatch);
}

DiskWriter::~DiskWriter() {
    ::unlink(scratch_.c_str());
}

void DiskWriter::write_scratch(std::uint64_t offset, std::span<const std::byte> data) {
    base::pwrite_all(fd_.get(), data, offset, scratch_.string());
}

void DiskWriter::stream(std::uint64_t offset, std::span<const std::byte> data) {
    if (offset != run_offset_ + run_.size()) {
        end_run();
        run_offset_ = offset;
    }
    if (run_.empty()) {
        // Up to the next cluster: what is before it may be others'.
        const std::size_t head =
            std::min<std::uint64_t>(ovfkit::round_up(offset, kCluster) - offset, data.size());
        write_scratch(offset, data.first(head));
        run_offset_ += head;
        data = data.subspan(head);
    }
    while (!data.empty()) {
        const auto part = data.first(std::min<std::uint64_t>(kBatch - run_.size(), data.size()));
        run_.insert(run_.end(), part.begin(), part.end());
        data = data.subspan(part.size());
        if (run_.size() == kBatch) {
            send();
        }
    }
}

// Whole clusters go on, the rest may become one with what others write.
void DiskWriter::end_run() {
    const std::size_t whole = run_.size() / kCluster * kCluster;
    write_scratch(run_offset_ + whole, std::span(run_).subspan(whole));
    run_.resize(whole);
    if (whole != 0) {
        send();
    }
}

void DiskWriter::send() {
    const std::uint64_t bytes = run_.size();
    if (!sent_.empty() && sent_.back().offset + sent_.back().length == run_offset_) {
        sent_.back().length += bytes;
    } else {
        sent_.push_back({run_offset_, bytes});
    }
    encoder_.add(run_offset_, std::exchange(run_, {}));
    run_.reserve(kBatch);
    run_offset_ += bytes;
}

void DiskWriter::finish() {
    end_run();
    std::sort(sent_.begin(), sent_.end(),
              [](const DataRange& a, const DataRange& b) { return a.offset < b.offset; });
    add_clusters(*open_raw_disk(scratch_, capacity_bytes_), sent_, encoder_);
    encoder_.finish();
}

}  // namespace imagebuilder
