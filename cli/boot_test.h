// SPDX-License-Identifier: Apache-2.0
// The boot proof of an image: it is booted from its own disk on our runtime, its agent has to
// answer, and the ports that it declares have to be open. What was seen is a value, which becomes a
// JSON file, or JUnit's XML for a CI.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/cli/io.h"
#include "base/json.h"
#include "imagebuilder/build.h"

namespace cli {

struct BootTestOptions {
    std::vector<std::uint16_t> ports;
    bool agent = true;  // false: the image has no muster-guest; the first port shows that it is up
    std::chrono::seconds timeout{600};
};

struct BootCheck {
    std::string name;  // "boots", "port 80 is open"
    bool passed = false;
    double seconds = 0;
    std::string text;  // why not
};

struct BootProof {
    std::string image;
    std::string version;
    std::string disk_sha256;
    double seconds = 0;  // from the start of the machine until all was checked
    std::vector<BootCheck> checks;

    bool passed() const;
};

// Needs the daemon, which is started when none runs. The machine is gone afterwards, whatever
// happens. Throws only for what says nothing about the image: no QEMU, no space, Ctrl-C.
BootProof run_boot_test(const imagebuilder::BuiltImage& image, const BootTestOptions& options,
                        base::cli::Io& io);

base::Json to_json(const BootProof& proof);
std::string to_junit(const BootProof& proof);

}  // namespace cli
