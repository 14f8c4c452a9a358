// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/accel/accel.h"

#include <cstdlib>

#include "base/file.h"
#include "tests/support/catch.h"

using base::ErrorKind;
using hvruntime::Accel;
using hvruntime::AccelSettings;
using hvruntime::choose_accel;
using namespace std::chrono_literals;  // NOLINT: a test file
namespace fs = std::filesystem;

namespace {

// A host as the chooser sees it.
class FakeHost {
  public:
    FakeHost() {
        ::unsetenv("MUSTER_ACCEL");
        add("proc/sys/kernel/random/boot_id", "one\n");
        add("dev/kvm", "");
    }
    void add(const fs::path& name, const std::string& content) {
        base::make_dirs((root_.path() / name).parent_path());
        base::write_file(root_.path() / name, content, 0666);
    }
    void add_module(const std::string& name) {
        base::make_dirs(root_.path() / "sys/module" / name);
    }
    void remove(const fs::path& name) { base::remove_all(root_.path() / name); }
    // The probe counts its runs in a file.
    AccelSettings settings(const std::string& probe_script) const {
        const std::string count = "echo run >> " + (root_.path() / "runs").string() + "; ";
        return {.cache_file = root_.path() / "data/accel.json",
                .probe_argv = {"sh", "-c", count + probe_script},
                .probe_limit = 5s,
                .root = root_.path(),
                .forced = ""};
    }
    std::size_t runs() const {
        const fs::path file = root_.path() / "runs";
        return fs::exists(file) ? base::file_size(file) / 4 : 0;
    }
    fs::path cache() const { return root_.path() / "data/accel.json"; }

  private:
    base::TempDir root_;
};

}  // namespace

TEST_CASE("hints against KVM decide without a probe", "[hvruntime][accel]") {
    FakeHost host;
    CHECK(choose_accel(host.settings("exit 0")).why == "neither kvm_intel nor kvm_amd is loaded");
    host.add_module("kvm_intel");
    host.add_module("kvm_pvm");
    const auto pvm = choose_accel(host.settings("exit 0"));
    CHECK(pvm.accel == Accel::tcg);
    CHECK(pvm.why.starts_with("kvm_pvm is loaded"));
    host.remove("dev/kvm");
    CHECK(choose_accel(host.settings("exit 0")).why == "there is no /dev/kvm");
    CHECK(host.runs() == 0);
}

TEST_CASE("KVM is taken when the probe succeeds, and probed once per boot and kernel",
          "[hvruntime][accel]") {
    FakeHost host;
    host.add_module("kvm_amd");
    CHECK(choose_accel(host.settings("exit 0")).accel == Accel::kvm);
    CHECK(choose_accel(host.settings("exit 1")).accel == Accel::kvm);
    CHECK(host.runs() == 1);
    host.add("proc/sys/kernel/random/boot_id", "two\n");
    const auto after_reboot = choose_accel(host.settings("echo muster: error: broken >&2; exit 6"));
    CHECK(after_reboot.accel == Accel::tcg);
    CHECK(after_reboot.why == "KVM failed the probe: broken");
    CHECK(choose_accel(host.settings("exit 0")).accel == Accel::tcg);
    CHECK(host.runs() == 2);
    base::write_file(host.cache(), "damaged");
    CHECK(choose_accel(host.settings("exit 0")).accel == Accel::kvm);
    CHECK(host.runs() == 3);
}

TEST_CASE("a probe that hangs is killed at its deadline and means TCG", "[hvruntime][accel]") {
    FakeHost host;
    host.add_module("kvm_intel");
    AccelSettings settings = host.settings("sleep 1000");
    settings.probe_limit = 200ms;
    const auto choice = choose_accel(settings);
    CHECK(choice.accel == Accel::tcg);
    CHECK(choice.why == "KVM hung in the probe for 200 ms");
}

TEST_CASE("a forced accelerator is not questioned, an unknown one is a usage error",
          "[hvruntime][accel]") {
    FakeHost host;
    AccelSettings settings = host.settings("exit 0");
    settings.forced = "kvm";
    CHECK(choose_accel(settings).accel == Accel::kvm);
    settings.forced = "xen";
    CHECK(tests::error_of([&] { choose_accel(settings); }).kind() == ErrorKind::usage);
    settings.forced.clear();
    ::setenv("MUSTER_ACCEL", "tcg", 1);
    const auto choice = choose_accel(settings);
    ::unsetenv("MUSTER_ACCEL");
    CHECK(choice.why == "forced by MUSTER_ACCEL");
    CHECK(host.runs() == 0);
}
