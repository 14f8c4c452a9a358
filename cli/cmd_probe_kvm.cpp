// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_probe_kvm.h"

#include <CLI/CLI.hpp>

#include "hvruntime/accel/kvm_probe.h"

namespace cli {

void add_probe_kvm(CLI::App& app, Chosen& chosen) {
    CLI::App* verb = app.add_subcommand("probe-kvm", "check that KVM runs guests; it may hang");
    verb->group("");  // not for people: the daemon runs it
    verb->footer(
        "EXIT STATUS\n"
        "  0 KVM works, 3 there is no /dev/kvm, 6 KVM does not work\n\n"
        "EXAMPLE\n"
        "  timeout -s KILL 5 muster probe-kvm");
    verb->callback([&chosen] { chosen.run = [](base::cli::Io& io) { return run_probe_kvm(io); }; });
}

int run_probe_kvm(base::cli::Io& io) {
    hvruntime::probe_kvm();
    io.out << "KVM ran the probe guests correctly\n";
    return 0;
}

}  // namespace cli
