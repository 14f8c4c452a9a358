// SPDX-License-Identifier: Apache-2.0
// Jobs done by several threads, results taken in the order of submission. One owner thread submits
// and takes, and bounds the memory by how many jobs it leaves pending. An exception of a job comes
// out of take() in that job's place, so which error is seen does not depend on timing.
// The destructor drops jobs that have not begun and waits for those that have.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace ovfkit {

// 0 means one per core.
inline unsigned thread_count(unsigned wanted) {
    const unsigned count = wanted != 0 ? wanted : std::thread::hardware_concurrency();
    return count != 0 ? count : 1;
}

template <typename Job, typename Result>
class OrderedPool {
  public:
    using Worker = std::function<Result(Job)>;

    // make_worker is called once per thread, here; a worker owns its buffers.
    OrderedPool(unsigned threads, const std::function<Worker()>& make_worker) {
        for (unsigned i = 0; i < threads; ++i) {
            threads_.emplace_back([this, worker = make_worker()] { run(worker); });
        }
    }
    OrderedPool(const OrderedPool&) = delete;
    OrderedPool& operator=(const OrderedPool&) = delete;
    ~OrderedPool() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        work_.notify_all();
    }

    std::size_t pending() const { return order_.size(); }

    void submit(Job job) {
        auto slot = std::make_shared<Slot>();
        slot->job.emplace(std::move(job));
        order_.push_back(slot);
        {
            const std::lock_guard lock(mutex_);
            todo_.push_back(std::move(slot));
        }
        work_.notify_one();
    }

    // Waits for the oldest pending job.
    Result take() {
        const std::shared_ptr<Slot> slot = std::move(order_.front());
        order_.pop_front();
        std::unique_lock lock(mutex_);
        done_.wait(lock, [&] { return slot->done; });
        if (slot->error) {
            std::rethrow_exception(slot->error);
        }
        return std::move(*slot->result);
    }

  private:
    struct Slot {
        std::optional<Job> job;        // taken by the thread that runs it
        std::optional<Result> result;  // set before `done`
        std::exception_ptr error;      // set before `done`
        bool done = false;
    };

    void run(const Worker& worker) {
        while (true) {
            std::unique_lock lock(mutex_);
            work_.wait(lock, [&] { return stopping_ || !todo_.empty(); });
            if (stopping_) {
                return;
            }
            const std::shared_ptr<Slot> slot = std::move(todo_.front());
            todo_.pop_front();
            lock.unlock();
            try {
                slot->result.emplace(worker(std::move(*slot->job)));
            } catch (...) {
                slot->error = std::current_exception();
            }
            slot->job.reset();
            lock.lock();
            slot->done = true;
            done_.notify_one();
        }
    }

    std::deque<std::shared_ptr<Slot>> order_;  // the owner's thread only
    std::mutex mutex_;                         // guards todo_, stopping_ and every Slot::done
    std::condition_variable work_;
    std::condition_variable done_;
    std::deque<std::shared_ptr<Slot>> todo_;
    bool stopping_ = false;
    std::vector<std::jthread> threads_;  // last: joined before the rest goes
};

}  // namespace ovfkit
