// SPDX-License-Identifier: Apache-2.0
// LD_PRELOAD library: makes the N-th call of one kind fail, for tests that nothing half-made is
// left behind. FAILING_IO="KIND N ERRNO" with KIND read, write, sync or rename; calls are counted
// per process, on regular files only. The file named by FAILING_IO_MARK appears when the call came.
// A sandboxed child (base/sandbox) is left alone: it may not even ask what a descriptor is.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

struct Plan {
    char kind[16] = "";
    long at = 0;
    int error_number = EIO;
};

Plan plan;
std::atomic<long> seen{0};
std::atomic<bool> active{false};

void stop_in_child() {
    active = false;
}

__attribute__((constructor)) void read_plan() {
    const char* text = std::getenv("FAILING_IO");
    if (text == nullptr ||
        std::sscanf(text, "%15s %ld %d", plan.kind, &plan.at, &plan.error_number) != 3) {
        return;
    }
    ::pthread_atfork(nullptr, nullptr, stop_in_child);
    active = true;
}

bool is_regular(int fd) {
    struct stat info {};
    return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

// Counts a call of that kind; true when it is the one to fail (errno is set).
bool fails(const char* kind) {
    if (!active || std::strcmp(kind, plan.kind) != 0 || ++seen != plan.at) {
        return false;
    }
    if (const char* mark = std::getenv("FAILING_IO_MARK")) {
        const int fd = ::open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        if (fd >= 0) {
            ::close(fd);
        }
    }
    errno = plan.error_number;
    return true;
}

bool fails_on(const char* kind, int fd) {
    return active && std::strcmp(kind, plan.kind) == 0 && is_regular(fd) && fails(kind);
}

template <typename Fn>
Fn* next(const char* name) {
    // SAFETY: the C library's function of that name has this type.
    return reinterpret_cast<Fn*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): the C library's names
#define FAILING(kind, result, name, parameters, ...)              \
    extern "C" result name parameters {                           \
        static auto* const real = next<result parameters>(#name); \
        return fails_on(kind, fd) ? -1 : real(__VA_ARGS__);       \
    }

FAILING("read", ssize_t, read, (int fd, void* data, size_t size), fd, data, size)
FAILING("read", ssize_t, pread, (int fd, void* data, size_t size, off_t at), fd, data, size, at)
FAILING("read", ssize_t, pread64, (int fd, void* data, size_t size, off64_t at), fd, data, size, at)
FAILING("read", ssize_t, readv, (int fd, const iovec* parts, int count), fd, parts, count)
FAILING("write", ssize_t, write, (int fd, const void* data, size_t size), fd, data, size)
FAILING("write", ssize_t, pwrite, (int fd, const void* data, size_t size, off_t at), fd, data, size,
        at)
FAILING("write", ssize_t, pwrite64, (int fd, const void* data, size_t size, off64_t at), fd, data,
        size, at)
FAILING("write", ssize_t, writev, (int fd, const iovec* parts, int count), fd, parts, count)
FAILING("write", ssize_t, pwritev, (int fd, const iovec* parts, int count, off_t at), fd, parts,
        count, at)
FAILING("write", int, ftruncate, (int fd, off_t size), fd, size)
FAILING("write", int, ftruncate64, (int fd, off64_t size), fd, size)
FAILING("write", int, fallocate, (int fd, int mode, off_t at, off_t size), fd, mode, at, size)
FAILING("sync", int, fdatasync, (int fd), fd)

// Folders are synced too.
extern "C" int fsync(int fd) {
    static auto* const real = next<int(int)>("fsync");
    return fails("sync") ? -1 : real(fd);
}

extern "C" ssize_t copy_file_range(int from, off64_t* from_at, int to, off64_t* to_at, size_t size,
                                   unsigned flags) {
    static auto* const real =
        next<ssize_t(int, off64_t*, int, off64_t*, size_t, unsigned)>("copy_file_range");
    return fails_on("write", to) ? -1 : real(from, from_at, to, to_at, size, flags);
}

extern "C" int rename(const char* from, const char* to) noexcept {
    static auto* const real = next<int(const char*, const char*)>("rename");
    return fails("rename") ? -1 : real(from, to);
}

extern "C" int renameat(int from_dir, const char* from, int to_dir, const char* to) noexcept {
    static auto* const real = next<int(int, const char*, int, const char*)>("renameat");
    return fails("rename") ? -1 : real(from_dir, from, to_dir, to);
}

extern "C" int renameat2(int from_dir, const char* from, int to_dir, const char* to,
                         unsigned flags) noexcept {
    static auto* const real = next<int(int, const char*, int, const char*, unsigned)>("renameat2");
    return fails("rename") ? -1 : real(from_dir, from, to_dir, to, flags);
}
// NOLINTEND(readability-identifier-naming)
