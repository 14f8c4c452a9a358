// SPDX-License-Identifier: Apache-2.0
// Machines that run somewhere, as one package: their assembly is made of what was found in them,
// their disks are made anew with what lets them live on other addresses, all is packed and signed.
// The sources stay as they are; the package appears when it is complete, and nothing otherwise.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "assembler/introspect/set/folder_of_set.h"
#include "assembler/pack.h"

namespace assembler {

struct CaptureSetOptions {
    std::string name;  // of the assembly
    std::string version = "1.0.0";
    std::filesystem::path assembly;  // a file of `introspect -o` that was edited; empty: made here
    std::filesystem::path output;    // "-": standard output
    bool keep_identity = false;      // host keys, machine id and logs go along
    std::optional<ovfkit::PackageSigner> signer;
    base::DigestAlgorithm digest = base::DigestAlgorithm::sha256;
    std::function<void(const std::string&)> on_step;  // must be set, as the next two
    std::function<void(const std::string&)> on_warning;
    std::function<void(std::string_view phase, std::uint64_t done, std::uint64_t total)>
        on_progress;
};

struct CaptureResult {
    PackResult package;
    AssemblyFolder folder;  // what was found and made of it
};

// Throws unsupported, before anything is written, for machines that cannot be captured.
CaptureResult capture_set(const MachineSet& set, const CaptureSetOptions& options);

// Beside the output, where there is room for disks; below $TMPDIR for a pipe.
std::filesystem::path room_for(const std::filesystem::path& output);

}  // namespace assembler
