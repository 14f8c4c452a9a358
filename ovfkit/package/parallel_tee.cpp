// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/parallel_tee.h"

namespace ovfkit {

ParallelTee::ParallelTee(base::ByteSink& first, base::ByteSink& second)
    : first_(first), second_(second), thread_([this] { run(); }) {
}

ParallelTee::~ParallelTee() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    work_.notify_one();
}

void ParallelTee::write(std::span<const std::byte> data) {
    {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [&] { return queue_.size() < kDepth; });
        queue_.push_back(data);
    }
    work_.notify_one();
    second_.write(data);
}

void ParallelTee::finish() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return queue_.empty(); });
    if (failure_) {
        std::rethrow_exception(failure_);
    }
}

void ParallelTee::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        work_.wait(lock, [&] { return ended_ || !queue_.empty(); });
        if (queue_.empty()) {
            return;
        }
        const std::span<const std::byte> data = queue_.front();
        const bool skip = failure_ != nullptr;
        lock.unlock();
        std::exception_ptr failure;
        if (!skip) {
            try {
                first_.write(data);
            } catch (...) {
                failure = std::current_exception();
            }
        }
        lock.lock();
        if (failure) {
            failure_ = failure;
        }
        queue_.pop_front();
        room_.notify_one();
    }
}

}  // namespace ovfkit
