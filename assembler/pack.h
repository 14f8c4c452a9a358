// SPDX-License-Identifier: Apache-2.0
// An assembly file to a signed OVA: images are made or taken, disks encoded straight into the tar,
// each image once however many machines use it. The output appears under its name only when it is
// complete. The same images, assembly and SOURCE_DATE_EPOCH give the same bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "assembler/assembly.h"
#include "assembler/evidence/package_evidence.h"
#include "assembler/schema/image_schema.h"
#include "base/crypto/digest.h"
#include "ovfkit/package/certificate.h"
#include "ovfkit/profile/profile.h"

namespace assembler {

// A disk that is ready to be packed. The files stay as they are while the package is written.
struct ProvidedImage {
    std::string name;              // for file names in the package: "postgres"
    std::filesystem::path disk;    // raw or qcow2
    std::filesystem::path kernel;  // empty: none
    std::filesystem::path initrd;
    std::string kernel_command_line;
    ImageEvidence evidence = {};  // of this disk
};

// Makes or finds the image at `location` (absolute); called once for each. `machine` is the first
// one that uses it.
using ImageProvider = std::function<ProvidedImage(const AssemblyMachine& machine,
                                                  const std::filesystem::path& location)>;

struct PackOptions {
    std::filesystem::path assembly;  // the file or its folder
    std::filesystem::path output;    // "-": standard output
    std::optional<ovfkit::PackageSigner> signer;
    base::DigestAlgorithm digest = base::DigestAlgorithm::sha256;
    std::uint64_t chunk_bytes = 0;  // files in chunks of this size; 0: whole
    int level = 6;                  // of compression, 1 to 12
    bool with_evidence = true;      // of the images that have it, in files of their own
    bool delta_disks = false;       // disks that share a base store it once, see delta_plan.h
    ovfkit::Profile profile = ovfkit::Profile::generic;
    ImageProvider provide_image;
    ImageSchemas schemas = read_image_schema;
    std::function<void(const std::string&)> on_warning;  // before the work begins; may be empty
    // What is going on: a phase ("encoding postgres-disk.vmdk") and how far it is. May be empty.
    std::function<void(std::string_view phase, std::uint64_t done, std::uint64_t total)>
        on_progress;
};

struct PackedFile {
    std::string name;
    std::uint64_t bytes = 0;
    std::string parent;  // the file of the disk that this one is a delta of; empty: it is whole
};

struct PackResult {
    std::string assembly;
    std::string version;
    std::uint64_t bytes = 0;  // of the OVA
    bool is_signed = false;
    std::vector<std::string> machines;
    std::vector<PackedFile> files;  // in the order of the package
};

PackResult pack_assembly(const PackOptions& options);

// Recipes are built by imagebuilder (or come from its cache), disk images are taken as they are.
// `on_step` hears what a build is doing; may be empty.
ImageProvider default_image_provider(std::function<void(const std::string&)> on_step);

}  // namespace assembler
