// SPDX-License-Identifier: Apache-2.0
// Where machines are introspected from: a folder with a machine's files, a disk image, an OVA or
// OVF folder with all its machines, a domain of libvirt or a .vmx with its disks, disks that the
// caller has found, a running machine over ssh. Each kind has its own way to a FileTree; what comes
// out is the same. Strangers' disks are read in a locked-down child.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "assembler/introspect/introspect.h"
#include "imagebuilder/filetree/disk_tree.h"
#include "imagebuilder/guestfs/guest_keys.h"
#include "imagebuilder/guestfs/guestfish.h"

namespace assembler {

struct MachineSource {
    std::string name;      // of the machine; empty: it names itself
    std::string location;  // a path, the URL of a package, ssh://user@host
    // Of a machine whose disks the caller has found, in its order: then `location` is only shown.
    std::vector<imagebuilder::DiskFile> disks = {};
    HardwareFact hardware = {};  // of such a machine
    // Called after each reading of such a machine: throws when the disks changed meanwhile. May be
    // empty.
    std::function<void()> check = {};
};

// "web=/srv/web" or "/srv/web". A '=' behind a '/' belongs to the path. Throws usage for a name
// that a machine cannot have.
MachineSource parse_machine_source(std::string_view text);

struct SourceOptions {
    bool with_secrets = false;
    std::vector<Plugin> plugins;  // that find applications
    // Runs where the machine's files can be read, of a disk in the child; its text comes along and
    // is as much a stranger's as the disk. May be empty.
    std::function<std::string(const imagebuilder::FileTree&, const MachineFacts&)> also;
    // Bytes of a package read so far, and of all. May be empty.
    std::function<void(std::uint64_t done, std::uint64_t total)> on_progress;
    // Where the disks with systems that come out of packages are left, and the trees of machines
    // that are read over ssh or by libguestfs; empty: nowhere.
    std::string keep_disks;
    // Reads disks that we do not read, and lists packages of RPM; nullopt: nobody does.
    std::optional<imagebuilder::GuestfishSettings> guestfish = std::nullopt;
    std::vector<imagebuilder::GuestKey> keys = {};  // of encrypted volumes
    bool only_guestfish = false;                    // reads all disks
};

// What a machine was read from, to be read again. None of them: what was not kept.
struct MachineFilesSource {
    std::vector<imagebuilder::DiskFile> disks;
    std::string folder;
    std::string tar;               // of all its files, compressed by zstd
    std::uint64_t size_bytes = 0;  // of the file systems that the tar's files were in
};

struct IntrospectedMachine {
    MachineFacts facts;
    std::string also;
    MachineFilesSource from = {};
};

// Of `source` and `options` what counts for the machine itself.
IntrospectOptions machine_options(const std::string& name, const SourceOptions& options);

// Throws not_found when there is nothing, or no system in it; usage for the name of one machine
// when there are several; unsupported for what is not read; what opening disks and packages throws.
std::vector<IntrospectedMachine> introspect_source(const MachineSource& source,
                                                   const SourceOptions& options = {});

}  // namespace assembler
