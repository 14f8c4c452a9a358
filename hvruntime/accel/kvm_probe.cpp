// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/accel/kvm_probe.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <span>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"

namespace hvruntime {

namespace {

constexpr std::uint64_t kMemory = 2U << 20U;
constexpr std::uint64_t kCode = 0x1000;
constexpr std::uint64_t kPml4 = 0x2000;
constexpr std::uint64_t kPdpt = 0x3000;
constexpr std::uint64_t kPageDirectory = 0x4000;
constexpr std::uint64_t kSecondPml4 = 0x5000;
constexpr std::uint64_t kCounter = 0x8000;
constexpr std::uint32_t kReloads = 20000;

[[noreturn]] void fail(const std::string& what) {
    throw base::Error(base::ErrorKind::environment, what);
}

int checked_ioctl(int fd, unsigned long request, void* argument, std::string_view name) {
    const int result = ::ioctl(fd, request, argument);
    if (result < 0) {
        throw base::SystemError(errno, fmt::format("{} failed", name));
    }
    return result;
}

class Mapping {
  public:
    Mapping(std::size_t size, int fd, int flags) : size_(size) {
        data_ = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, fd, 0);
        if (data_ == MAP_FAILED) {
            throw base::SystemError(errno, "cannot map memory for a guest");
        }
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() { ::munmap(data_, size_); }
    void* data() const { return data_; }
    template <typename T>
    void put(std::uint64_t offset, const T& value) {
        std::memcpy(static_cast<std::byte*>(data_) + offset, &value, sizeof(value));
    }
    template <typename T>
    T get(std::uint64_t offset) const {
        T value;
        std::memcpy(&value, static_cast<const std::byte*>(data_) + offset, sizeof(value));
        return value;
    }

  private:
    std::size_t size_;
    void* data_ = nullptr;
};

// One virtual CPU with 2 MiB of memory at guest address 0.
class Guest {
  public:
    explicit Guest(int kvm)
        : vm_(checked_ioctl(kvm, KVM_CREATE_VM, nullptr, "KVM_CREATE_VM")),
          memory(kMemory, -1, MAP_SHARED | MAP_ANONYMOUS) {
        kvm_userspace_memory_region region{};
        region.memory_size = kMemory;
        // SAFETY: the kernel's interface takes the address as a number.
        region.userspace_addr = reinterpret_cast<std::uintptr_t>(memory.data());
        checked_ioctl(vm_.get(), KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
        cpu_.reset(checked_ioctl(vm_.get(), KVM_CREATE_VCPU, nullptr, "KVM_CREATE_VCPU"));
        run_size_ = static_cast<std::size_t>(
            checked_ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, nullptr, "KVM_GET_VCPU_MMAP_SIZE"));
    }

    kvm_sregs special_registers() {
        kvm_sregs registers{};
        checked_ioctl(cpu_.get(), KVM_GET_SREGS, &registers, "KVM_GET_SREGS");
        return registers;
    }
    void set(kvm_sregs& registers) {
        checked_ioctl(cpu_.get(), KVM_SET_SREGS, &registers, "KVM_SET_SREGS");
    }

    // Runs from `entry` to HLT and returns the registers there.
    kvm_regs run(kvm_regs registers) {
        registers.rflags = 2;
        checked_ioctl(cpu_.get(), KVM_SET_REGS, &registers, "KVM_SET_REGS");
        const Mapping shared(run_size_, cpu_.get(), MAP_SHARED);
        while (true) {
            if (::ioctl(cpu_.get(), KVM_RUN, nullptr) < 0 && errno != EINTR) {
                throw base::SystemError(errno, "KVM_RUN failed");
            }
            const auto reason = shared.get<std::uint32_t>(offsetof(struct kvm_run, exit_reason));
            if (reason == KVM_EXIT_HLT) {
                break;
            }
            if (reason != KVM_EXIT_INTR) {
                fail(fmt::format("a probe guest left KVM with the unexpected reason {}", reason));
            }
        }
        checked_ioctl(cpu_.get(), KVM_GET_REGS, &registers, "KVM_GET_REGS");
        return registers;
    }

  private:
    base::UniqueFd vm_;
    base::UniqueFd cpu_;
    std::size_t run_size_ = 0;

  public:
    Mapping memory;
};

template <std::size_t N>
void load_code(Guest& guest, const std::array<std::uint8_t, N>& code) {
    guest.memory.put(kCode, code);
}

void probe_real_mode(int kvm) {
    Guest guest(kvm);
    load_code(guest, std::array<std::uint8_t, 9>{
                         0x01, 0xd8,        // add ax, bx
                         0x05, 0x05, 0x00,  // add ax, 5
                         0xa3, 0x00, 0x80,  // mov [0x8000], ax
                         0xf4,              // hlt
                     });
    kvm_sregs special = guest.special_registers();
    special.cs.base = 0;
    special.cs.selector = 0;
    guest.set(special);
    kvm_regs registers{};
    registers.rip = kCode;
    registers.rax = 30;
    registers.rbx = 7;
    const kvm_regs after = guest.run(registers);
    if (after.rax != 42 || guest.memory.get<std::uint16_t>(kCounter) != 42) {
        fail("a real-mode probe guest computed a wrong result");
    }
}

kvm_segment flat_segment(std::uint16_t selector, std::uint8_t type, bool code) {
    kvm_segment segment{};
    segment.limit = 0xffffffff;
    segment.selector = selector;
    segment.present = 1;
    segment.type = type;
    segment.s = 1;
    segment.g = 1;
    segment.l = code ? 1 : 0;
    segment.db = code ? 0 : 1;
    return segment;
}

// Identity-maps the first 2 MiB by one large page, reached from two top tables.
void set_long_mode(Guest& guest) {
    constexpr std::uint64_t kPresentWritable = 3;
    constexpr std::uint64_t kLargePage = 0x80;
    guest.memory.put(kPml4, std::uint64_t{kPdpt | kPresentWritable});
    guest.memory.put(kSecondPml4, std::uint64_t{kPdpt | kPresentWritable});
    guest.memory.put(kPdpt, std::uint64_t{kPageDirectory | kPresentWritable});
    guest.memory.put(kPageDirectory, std::uint64_t{kLargePage | kPresentWritable});
    kvm_sregs special = guest.special_registers();
    special.cr3 = kPml4;
    special.cr4 |= 1U << 5U;                                    // PAE
    special.cr0 |= 1U | (1U << 1U) | (1U << 4U) | (1U << 31U);  // PE, MP, ET, PG
    special.efer |= (1U << 8U) | (1U << 10U);                   // LME, LMA
    special.cs = flat_segment(8, 11, true);
    const kvm_segment data = flat_segment(16, 3, false);
    special.ds = special.es = special.fs = special.gs = special.ss = data;
    guest.set(special);
}

void probe_long_mode(int kvm) {
    Guest guest(kvm);
    load_code(guest, std::array<std::uint8_t, 21>{
                         0x0f, 0x22, 0xdb,                    // again: mov cr3, rbx
                         0x48, 0x87, 0xda,                    // xchg rbx, rdx
                         0xff, 0x04, 0x25, 0x00, 0x80, 0, 0,  // inc dword [0x8000]
                         0x48, 0x01, 0xc8,                    // add rax, rcx
                         0xff, 0xc9,                          // dec ecx
                         0x75, 0xec,                          // jnz again
                         0xf4,                                // hlt
                     });
    set_long_mode(guest);
    kvm_regs registers{};
    registers.rip = kCode;
    registers.rbx = kPml4;
    registers.rdx = kSecondPml4;
    registers.rcx = kReloads;
    registers.rsp = 0x7000;
    const kvm_regs after = guest.run(registers);
    const std::uint64_t expected = std::uint64_t{kReloads} * (kReloads + 1) / 2;
    if (after.rax != expected || guest.memory.get<std::uint32_t>(kCounter) != kReloads) {
        fail("a long-mode probe guest with paging computed a wrong result");
    }
}

}  // namespace

void probe_kvm() {
    const base::UniqueFd kvm = base::open_file("/dev/kvm", O_RDWR);
    const int version =
        checked_ioctl(kvm.get(), KVM_GET_API_VERSION, nullptr, "KVM_GET_API_VERSION");
    if (version != KVM_API_VERSION) {
        fail(fmt::format("KVM has the interface version {}", version));
    }
    probe_real_mode(kvm.get());
    probe_long_mode(kvm.get());
}

}  // namespace hvruntime
