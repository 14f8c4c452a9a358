// SPDX-License-Identifier: Apache-2.0
// Machines on disks that we do not read ourselves (XFS, btrfs, LVM, LUKS, NTFS), and RPM's list of
// packages: what libguestfs gives of them becomes facts, its files in a locked-down child.
#pragma once

#include <vector>

#include "assembler/introspect/source/disk_source.h"
#include "imagebuilder/guestfs/read_guest.h"

namespace assembler {

// `options.guestfish` is there. Throws what read_guest() throws, and what the child throws.
IntrospectedMachine introspect_by_guestfish(const std::vector<imagebuilder::DiskFile>& disks,
                                            const IntrospectOptions& options,
                                            const SourceOptions& source);

// ---- pure parts

// "3:1.2-4" for an epoch; nothing of it for Windows.
std::vector<PackageFact> packages_of(const std::vector<imagebuilder::GuestApplication>& listed);
// Of a Windows: the system, its applications as packages, the services of programs.
MachineFacts windows_facts(const imagebuilder::GuestReading& reading, const std::string& name,
                           const std::string& source);

}  // namespace assembler
