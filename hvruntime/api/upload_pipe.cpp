// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/api/upload_pipe.h"

#include <algorithm>

#include "base/error.h"

namespace hvruntime {

std::size_t UploadPipe::read(std::span<std::byte> buffer) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [this] { return taken_ < data_.size() || ended_ || cancelled_; });
    if (cancelled_) {
        throw base::Error(base::ErrorKind::interrupted,
                          "the client has gone before the end of the upload");
    }
    const std::size_t count = std::min(buffer.size(), data_.size() - taken_);
    const auto bytes = base::as_bytes(data_).subspan(taken_, count);
    std::copy(bytes.begin(), bytes.end(), buffer.begin());
    taken_ += count;
    if (taken_ == data_.size()) {
        data_.clear();
        taken_ = 0;
        moved_.notify_all();
    }
    return count;
}

void UploadPipe::push(std::span<const std::byte> data) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [this] { return data_.size() < kLimit || discarding_; });
    if (!discarding_) {
        data_.append(base::as_text(data));
        moved_.notify_all();
    }
}

void UploadPipe::end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    moved_.notify_all();
}

void UploadPipe::cancel() {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    moved_.notify_all();
}

void UploadPipe::discard_rest() {
    const std::lock_guard lock(mutex_);
    discarding_ = true;
    moved_.notify_all();
}

}  // namespace hvruntime
