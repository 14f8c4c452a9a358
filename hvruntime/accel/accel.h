// SPDX-License-Identifier: Apache-2.0
// Which accelerator machines get. KVM is used only when it is proven to run guests: hosts exist
// where /dev/kvm opens and every guest hangs. Cheap hints first, then a probe in a child with a
// deadline, whose verdict is kept per boot and kernel.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace hvruntime {

enum class Accel { tcg, kvm };
std::string_view to_string(Accel accel);

struct AccelChoice {
    Accel accel = Accel::tcg;
    std::string why = "not looked at yet";  // for people: "kvm_pvm is loaded: …"
};
base::Json to_json(const AccelChoice& choice);

struct AccelSettings {
    std::filesystem::path cache_file;  // DATA/accel.json; empty: nothing is kept
    // A program that ends with 0 when KVM works and prints why otherwise. Empty: this very program
    // with the argument probe-kvm.
    std::vector<std::string> probe_argv;
    std::chrono::milliseconds probe_limit = std::chrono::seconds(5);
    std::filesystem::path root = "/";  // where dev/, sys/ and proc/ are looked for
    std::string forced;                // "tcg" or "kvm"; empty: $MUSTER_ACCEL, else not forced
};

// Throws usage when `forced` is something else.
AccelChoice choose_accel(const AccelSettings& settings);

}  // namespace hvruntime
