// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/freeze/hold_frozen.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"

namespace hvruntime::agent {

namespace {

constexpr std::uint64_t kMostMountinfo = std::uint64_t{4} << 20U;

class KernelCalls : public FreezeCalls {
  public:
    int freeze(int folder) override { return ::ioctl(folder, FIFREEZE, 0) == 0 ? 0 : errno; }
    int thaw(int folder) override { return ::ioctl(folder, FITHAW, 0) == 0 ? 0 : errno; }
};

// The root of the file system; empty when it cannot be opened, or another one lies over it.
base::UniqueFd open_mount(const FreezableMount& mount) {
    base::UniqueFd fd(::open(mount.place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat info {};
    const bool same = fd && ::fstat(fd.get(), &info) == 0 && major(info.st_dev) == mount.major &&
                      minor(info.st_dev) == mount.minor;
    return same ? std::move(fd) : base::UniqueFd();
}

// Frozen file systems. Never leaves one so.
class Frozen {
  public:
    explicit Frozen(FreezeCalls& calls) : calls_(calls) {}
    Frozen(const Frozen&) = delete;
    Frozen& operator=(const Frozen&) = delete;
    ~Frozen() { thaw(); }

    void add(const FreezableMount& mount) {
        base::UniqueFd folder = open_mount(mount);
        if (!folder) {
            return;
        }
        const int failure = calls_.freeze(folder.get());
        // EBUSY: somebody else has frozen it, who also thaws it.
        if (failure == EOPNOTSUPP || failure == EBUSY) {
            return;
        }
        if (failure != 0) {
            throw base::SystemError(failure, fmt::format("freezing '{}'", mount.place));
        }
        folders_.push_back(std::move(folder));
    }
    std::size_t count() const { return folders_.size(); }
    // Those that were frozen last first: the others may lie in them.
    void thaw() {
        while (!folders_.empty()) {
            calls_.thaw(folders_.back().get());
            folders_.pop_back();
        }
    }

  private:
    FreezeCalls& calls_;
    std::vector<base::UniqueFd> folders_;
};

// The host may have gone: then nobody reads.
void report(int output, const std::string& line) {
    [[maybe_unused]] const ssize_t written = ::write(output, line.data(), line.size());
}

bool wait_for_word(int input, std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd entry{input, POLLIN, 0};
        const int ready = left.count() <= 0 ? 0 : ::poll(&entry, 1, static_cast<int>(left.count()));
        if (ready >= 0 || errno != EINTR) {
            return ready > 0;
        }
    }
}

std::vector<FreezableMount> mounts_of(const Places& places) {
    return plan_freeze(base::read_file(places.at("/proc/self/mountinfo"), kMostMountinfo));
}

void require_live(const Places& places) {
    if (!places.is_live()) {
        throw base::Error(base::ErrorKind::usage, "file systems are frozen in a running machine",
                          "leave --root out");
    }
}

}  // namespace

bool hold_frozen(const FreezeHold& hold, FreezeCalls& calls) {
    Frozen frozen(calls);
    for (const FreezableMount& mount : hold.mounts) {
        frozen.add(mount);
    }
    const std::size_t count = frozen.count();
    if (count == 0) {
        throw base::Error(base::ErrorKind::unsupported, "there is no file system to be frozen");
    }
    report(hold.output, fmt::format("frozen {}\n", count));
    const bool in_time = wait_for_word(hold.input, hold.limit);
    frozen.thaw();
    report(hold.output, fmt::format("{} {}\n", in_time ? "thawed" : "late", count));
    return in_time;
}

void run_freeze(const Places& places, std::chrono::milliseconds limit) {
    require_live(places);
    // Only the end of its input, or of its time, ends it.
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) {
        ::signal(signal, SIG_IGN);
    }
    try {
        const FreezeHold hold{.mounts = mounts_of(places), .limit = limit};
        base::make_dirs(places.run_dir(), 0700);
        base::write_file(places.frozen_mark(), "");
        const base::ScopeExit remove_mark([&] { base::remove_all(places.frozen_mark()); });
        KernelCalls calls;
        hold_frozen(hold, calls);
    } catch (const base::Error& error) {
        report(STDOUT_FILENO, fmt::format("error {}\n", error.message()));
        throw;
    }
}

void thaw_leftovers(const Places& places) {
    if (!places.is_live() || !std::filesystem::exists(places.frozen_mark())) {
        return;
    }
    KernelCalls calls;
    for (const FreezableMount& mount : mounts_of(places)) {
        if (const base::UniqueFd folder = open_mount(mount)) {
            calls.thaw(folder.get());  // one that is not frozen refuses
        }
    }
    base::remove_all(places.frozen_mark());
    base::log(base::LogLevel::warn, "freeze", "file systems were left frozen and are thawed");
}

}  // namespace hvruntime::agent
