// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/parallel_tee.h"

#include <chrono>
#include <thread>
#include <vector>

#include "base/error.h"
#include "tests/support/catch.h"

namespace {

// Takes its time, and may fail.
class SlowSink : public base::MemorySink {
  public:
    void write(std::span<const std::byte> data) override {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        if (fails_at_ == data_before_++) {
            throw base::Error(base::ErrorKind::environment, "full");
        }
        base::MemorySink::write(data);
    }
    void fail_at(int write) { fails_at_ = write; }

  private:
    int fails_at_ = -1;
    int data_before_ = 0;
};

// As read_package() does it: buffers in turn, each written over when its turn comes again.
void pump(ovfkit::ParallelTee& tee, int writes) {
    std::vector<std::string> buffers(ovfkit::ParallelTee::kDepth + 1);
    for (int i = 0; i < writes; ++i) {
        std::string& buffer = buffers[static_cast<std::size_t>(i) % buffers.size()];
        buffer.assign(100, static_cast<char>('a' + i % 26));
        tee.write(base::as_bytes(buffer));
    }
    tee.finish();
}

std::string expected(int writes) {
    std::string text;
    for (int i = 0; i < writes; ++i) {
        text += std::string(100, static_cast<char>('a' + i % 26));
    }
    return text;
}

}  // namespace

TEST_CASE("both sinks of a parallel tee get the same bytes in order", "[ovfkit][package]") {
    for (const bool first_is_slow : {true, false}) {
        SlowSink slow;
        base::MemorySink quick;
        base::ByteSink& first = first_is_slow ? static_cast<base::ByteSink&>(slow) : quick;
        base::ByteSink& second = first_is_slow ? static_cast<base::ByteSink&>(quick) : slow;
        ovfkit::ParallelTee tee(first, second);
        pump(tee, 40);
        CHECK(slow.data() == expected(40));
        CHECK(quick.data() == expected(40));
    }
}

TEST_CASE("a parallel tee says what either sink says", "[ovfkit][package]") {
    for (const bool first_fails : {true, false}) {
        SlowSink failing;
        failing.fail_at(5);
        base::MemorySink other;
        base::ByteSink& first = first_fails ? static_cast<base::ByteSink&>(failing) : other;
        base::ByteSink& second = first_fails ? static_cast<base::ByteSink&>(other) : failing;
        ovfkit::ParallelTee tee(first, second);
        CHECK(tests::error_of([&] { pump(tee, 20); }).message() == "full");
        CHECK(failing.data() == expected(5));
    }
}
