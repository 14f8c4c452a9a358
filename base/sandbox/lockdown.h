// SPDX-License-Identifier: Apache-2.0
// Takes everything from the calling process but computing, memory, writing to one or two
// descriptors and reading at places of those that it is left: all other descriptors closed,
// resource limits, no new privileges, Landlock where the kernel has it, and a seccomp filter. There
// is no way back. Single-threaded callers only (a fresh fork).
#pragma once

#include <cstdint>
#include <vector>

#include "base/sandbox/sandbox.h"

namespace base {

// AddressSanitizer and ThreadSanitizer map terabytes and make calls of their own: under them there
// is no limit on memory, and the filter lets kSanitizerCalls (lockdown.cpp) pass as well.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MUSTER_SANDBOX_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MUSTER_SANDBOX_SANITIZED 1
#endif
#if defined(MUSTER_SANDBOX_SANITIZED)
constexpr bool kSandboxSanitized = true;
#else
constexpr bool kSandboxSanitized = false;
#endif

// What is mapped now, in bytes: the limit on memory counts from there.
std::uint64_t mapped_bytes();

struct LockdownDescriptors {
    int result = -1;            // written to
    int stream = -1;            // written to; -1: none
    std::vector<int> readable;  // by pread(2)
};

// Throws environment when the kernel refuses a part of it (Landlock excepted).
void lock_down(const LockdownDescriptors& descriptors, const SandboxLimits& limits,
               std::uint64_t mapped_before);

}  // namespace base
