// SPDX-License-Identifier: Apache-2.0
#include "base/sandbox/lockdown.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"

namespace base {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "name the audit architecture of this machine"
#endif

// Memory of malloc and new, waiting for malloc's own locks, and the end.
constexpr std::array kPlainCalls{SYS_brk,   SYS_munmap, SYS_mremap,     SYS_madvise,
                                 SYS_futex, SYS_exit,   SYS_exit_group, SYS_rt_sigreturn};
// malloc asks for these by the way and lives with a no: whether memory is overcommitted (when a
// thread's heap shrinks) and how many processors there are (when memory runs out).
constexpr std::array kRefusedCalls{SYS_openat, SYS_sched_getaffinity};
// What the sanitizers' own allocators and reports need besides.
constexpr std::array kSanitizerCalls{SYS_sched_yield,  SYS_getpid,         SYS_gettid,
                                     SYS_sigaltstack,  SYS_rt_sigprocmask, SYS_prlimit64,
                                     SYS_rt_sigaction, SYS_getrandom,      SYS_clock_gettime};

class FilterBuilder {
  public:
    FilterBuilder() {
        load(offsetof(seccomp_data, arch));
        // Another architecture has other numbers.
        jump_if(BPF_JEQ, kArchitecture, 1, 0);
        give(SECCOMP_RET_KILL_PROCESS);
        load(offsetof(seccomp_data, nr));
    }

    void on_call(long number, std::uint32_t action) {
        jump_if(BPF_JEQ, static_cast<std::uint32_t>(number), 0, 1);
        give(action);
    }
    // Allowed when its first argument, a descriptor, is this one; else the next rules decide.
    void on_call_with(long number, int fd) {
        jump_if(BPF_JEQ, static_cast<std::uint32_t>(number), 0, 4);
        load(low_half(0));
        jump_if(BPF_JEQ, static_cast<std::uint32_t>(fd), 0, 1);
        give(SECCOMP_RET_ALLOW);
        load(offsetof(seccomp_data, nr));
    }
    // Allowed when the protection (argument 2) does not make code of data and, for mmap, the
    // memory is no file's.
    void on_mapping(long number, bool anonymous_only) {
        jump_if(BPF_JEQ, static_cast<std::uint32_t>(number), 0, anonymous_only ? 6 : 4);
        load(low_half(2));
        jump_if(BPF_JSET, PROT_EXEC, anonymous_only ? 3 : 1, 0);
        if (anonymous_only) {
            load(low_half(3));
            jump_if(BPF_JSET, MAP_ANONYMOUS, 0, 1);
        }
        give(SECCOMP_RET_ALLOW);
        give(SECCOMP_RET_KILL_PROCESS);
    }
    const std::vector<sock_filter>& finish() {
        give(SECCOMP_RET_KILL_PROCESS);
        return code_;
    }

  private:
    // Arguments are 64 bits wide; what matters here is in the low half, which comes first.
    static std::size_t low_half(int index) {
        return offsetof(seccomp_data, args) + sizeof(std::uint64_t) * static_cast<unsigned>(index);
    }
    void add(unsigned code, std::uint32_t k, unsigned char yes = 0, unsigned char no = 0) {
        code_.push_back({static_cast<std::uint16_t>(code), yes, no, k});
    }
    void load(std::size_t offset) {
        add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
    }
    void jump_if(unsigned test, std::uint32_t value, int skip_if_so, int skip_if_not) {
        add(BPF_JMP | test | BPF_K, value, static_cast<unsigned char>(skip_if_so),
            static_cast<unsigned char>(skip_if_not));
    }
    void give(std::uint32_t action) { add(BPF_RET | BPF_K, action); }

    std::vector<sock_filter> code_;
};

[[noreturn]] void fail(std::string_view step) {
    throw SystemError(errno, fmt::format("cannot lock down a process: {}", step),
                      "muster needs a Linux kernel of 5.9 or later with seccomp filters");
}

void close_range_of(unsigned first, unsigned last) {
    if (first <= last && ::close_range(first, last, 0) != 0) {
        fail("close_range");
    }
}

void close_all_but(const LockdownDescriptors& descriptors) {
    std::vector<int> kept = descriptors.readable;
    kept.push_back(descriptors.result);
    kept.push_back(descriptors.stream);
    std::sort(kept.begin(), kept.end());
    // A sanitizer reports to standard error.
    unsigned first = kSandboxSanitized ? 3 : 0;
    for (const int fd : kept) {
        const auto keep = static_cast<unsigned>(fd);
        if (fd < 0 || keep < first) {
            continue;
        }
        if (keep > first) {
            close_range_of(first, keep - 1);
        }
        first = keep + 1;
    }
    close_range_of(first, UINT_MAX);
}

void limit(__rlimit_resource resource, std::uint64_t soft, std::uint64_t hard) {
    rlimit now{};
    ::getrlimit(resource, &now);
    // Nobody may raise a limit that the caller was given.
    const rlimit wanted{std::min<rlim_t>(soft, now.rlim_max), std::min<rlim_t>(hard, now.rlim_max)};
    if (::setrlimit(resource, &wanted) != 0) {
        fail("setrlimit");
    }
}

void limit_resources(const SandboxLimits& limits, std::uint64_t mapped_before) {
    const auto cpu = static_cast<std::uint64_t>(limits.cpu.count());
    limit(RLIMIT_CPU, cpu, cpu + 1);
    limit(RLIMIT_CORE, 0, 0);
    limit(RLIMIT_FSIZE, 0, 0);
    limit(RLIMIT_NOFILE, 0, 0);
    limit(RLIMIT_NPROC, 0, 0);
    if (!kSandboxSanitized) {
        const std::uint64_t memory = mapped_before + limits.memory_bytes;
        limit(RLIMIT_AS, memory, memory);
    }
}

// The newest Landlock that these constants know; Debian 12's header ends at the second version.
struct LandlockRules {
    std::uint64_t files = 0;
    std::uint64_t network = 0;
    std::uint64_t scoped = 0;
};

// All rights that the kernel's Landlock knows are handled, and no rule gives one back. An older
// kernel, or one without Landlock, has the filter alone.
void forbid_files_and_network() {
    constexpr long kAskVersion = 1;
    const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
    if (version < 1) {
        return;
    }
    const int file_rights = version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13;
    const LandlockRules rules{(1ULL << static_cast<unsigned>(file_rights)) - 1,
                              version >= 4 ? 3ULL : 0, version >= 6 ? 3ULL : 0};
    const std::size_t size = sizeof(std::uint64_t) * (version >= 6 ? 3U : version >= 4 ? 2U : 1U);
    const long fd = ::syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (fd < 0 || ::syscall(SYS_landlock_restrict_self, fd, 0) != 0) {
        fail("Landlock");
    }
    ::close(static_cast<int>(fd));
}

void filter_calls(const LockdownDescriptors& descriptors) {
    FilterBuilder builder;
    for (const long call : kPlainCalls) {
        builder.on_call(call, SECCOMP_RET_ALLOW);
    }
    for (const long call : kRefusedCalls) {
        builder.on_call(call, SECCOMP_RET_ERRNO | static_cast<unsigned>(EACCES));
    }
    builder.on_call_with(SYS_write, descriptors.result);
    if (descriptors.stream >= 0) {
        builder.on_call_with(SYS_write, descriptors.stream);
    }
    for (const int fd : descriptors.readable) {
        builder.on_call_with(SYS_pread64, fd);
    }
    builder.on_mapping(SYS_mmap, true);
    builder.on_mapping(SYS_mprotect, false);
    if (kSandboxSanitized) {
        for (const long call : kSanitizerCalls) {
            builder.on_call(call, SECCOMP_RET_ALLOW);
        }
        builder.on_call_with(SYS_write, STDERR_FILENO);
    }
    std::vector<sock_filter> code = builder.finish();
    if (code.size() > BPF_MAXINSNS) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("a process cannot be given {} files", descriptors.readable.size()));
    }
    const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        fail("seccomp");
    }
}

}  // namespace

std::uint64_t mapped_bytes() {
    // Pages in all, then other counts.
    return std::stoull(read_file("/proc/self/statm", 4096)) *
           static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void lock_down(const LockdownDescriptors& descriptors, const SandboxLimits& limits,
               std::uint64_t mapped_before) {
    close_all_but(descriptors);
    // Nobody of the same user may look into it, or take it over.
    if (::prctl(PR_SET_DUMPABLE, 0) != 0 || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        fail("prctl");
    }
    forbid_files_and_network();
    limit_resources(limits, mapped_before);
    // Beyond this point only what the filter lists is possible.
    filter_calls(descriptors);
}

}  // namespace base
