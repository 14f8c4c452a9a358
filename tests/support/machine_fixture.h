// SPDX-License-Identifier: Apache-2.0
// A machine runtime in short folders of its own, on the fake QEMU or on the real one. Whatever a
// test leaves running is killed at its end.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/process.h"
#include "hvruntime/machine/machine_runtime.h"
#include "hvruntime/machine/qemu_process.h"
#include "tests/support/machine_examples.h"

namespace tests {

class MachineFixture {
  public:
    // Empty: the real QEMU.
    explicit MachineFixture(std::string qemu) : qemu_(std::move(qemu)) {
        base::make_dirs(orders());
        ::setenv("FAKE_QEMU_DIR", orders().c_str(), 1);
        restart_daemon();
    }
    MachineFixture(const MachineFixture&) = delete;
    MachineFixture& operator=(const MachineFixture&) = delete;
    ~MachineFixture() {
        runtime.reset();
        for (const hvruntime::FoundQemu& qemu : qemus()) {
            base::stop_process(qemu.process, std::chrono::milliseconds(0));
        }
        ::unsetenv("FAKE_QEMU_DIR");
    }

    hvruntime::RuntimeSettings settings() {
        return {.data_dir = data_dir(),
                .run_dir = run_dir(),
                .accel = {.accel = hvruntime::Accel::tcg, .why = "a test"},
                .qemu_program = qemu_.empty() ? "qemu-system-x86_64" : qemu_,
                .adopt_limit = adopt_limit};
    }
    // As after the end of a daemon: a new runtime on the same folders, without adopt().
    void restart_daemon() {
        runtime.reset();
        runtime = std::make_unique<hvruntime::MachineRuntime>(settings());
    }
    // Words for the fake QEMU: see fake_qemu.cpp.
    void order(const std::string& words) { base::write_file(orders() / "all", words); }
    std::vector<hvruntime::FoundQemu> qemus() const { return hvruntime::find_qemus(data_dir()); }
    hvruntime::MachineState state(const std::string& id) const { return runtime->status(id).state; }
    std::string exit_reason(const std::string& id) const {
        const auto exit = runtime->status(id).exit;
        return exit ? exit->reason : "";
    }
    std::filesystem::path data_dir() const { return dir_.path() / "data"; }
    std::filesystem::path run_dir() const { return dir_.path() / "run"; }
    std::filesystem::path orders() const { return dir_.path() / "orders"; }

  private:
    base::TempDir dir_;
    std::string qemu_;

  public:
    std::chrono::milliseconds adopt_limit = std::chrono::seconds(10);
    std::unique_ptr<hvruntime::MachineRuntime> runtime;
};

inline std::string fake_qemu() {
    return std::string(MUSTER_BINARY_DIR) + "/bin/fake_qemu";
}

}  // namespace tests
