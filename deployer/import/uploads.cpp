// SPDX-License-Identifier: Apache-2.0
#include "deployer/import/uploads.h"

#include <cerrno>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"

namespace deployer {

void Uploads::feed(const std::string& token, base::ByteSource& body) {
    base::Pipe pipe = base::make_pipe();
    {
        const std::lock_guard lock(mutex_);
        waiting_[token] = std::move(pipe.read_end);
    }
    arrived_.notify_all();
    std::vector<std::byte> buffer(256U << 10U);
    try {
        while (const std::size_t got = body.read(buffer)) {
            base::write_all(pipe.write_end.get(), std::span(buffer).first(got), "the upload");
        }
    } catch (const base::SystemError& error) {
        if (error.error_number() != EPIPE) {
            throw;
        }
        // The job refused the package: it tells the reason, not we.
    }
    const std::lock_guard lock(mutex_);
    waiting_.erase(token);
}

std::unique_ptr<base::ByteSource> Uploads::take(const std::string& token, const std::string& name,
                                                std::chrono::milliseconds limit,
                                                const std::function<void()>& check) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    std::unique_lock lock(mutex_);
    while (!waiting_.contains(token)) {
        if (std::chrono::steady_clock::now() >= deadline) {
            throw base::Error(base::ErrorKind::timeout,
                              fmt::format("nobody sends the package from {}", name),
                              "an upload that was cut off cannot be taken up again: run it anew");
        }
        arrived_.wait_for(lock, std::chrono::milliseconds(100));
        lock.unlock();
        check();
        lock.lock();
    }
    base::UniqueFd fd = std::move(waiting_.at(token));
    waiting_.erase(token);
    return std::make_unique<base::FdSource>(std::move(fd), name);
}

}  // namespace deployer
