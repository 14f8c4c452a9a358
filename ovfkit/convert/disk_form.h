// SPDX-License-Identifier: Apache-2.0
// The forms that a conversion goes between, and what a given input is. A package is told by its
// content, never by its name alone: an archive must not be taken for the bytes of a disk, past its
// manifest and signature.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ovfkit/disk/disk_reader.h"

namespace ovfkit {

enum class DiskForm { raw, qcow2, vmdk, package };

std::string_view to_string(DiskForm form);                      // "raw", "qcow2", "vmdk", "ova"
std::optional<DiskForm> find_disk_form(std::string_view name);  // as --to names it
// By the extension of a path; nullopt when it tells nothing.
std::optional<DiskForm> form_of_path(const std::string& path);

// Whether `location` is to be read as a package: a folder, a stream, what is called
// .ova or .ovf, and what begins as an archive or a descriptor, whatever it is called.
bool is_package(const std::string& location);

// Nothing marks a raw disk but its name (.raw, .img, .dd, .iso) or that it is a block device.
// Throws usage for a raw disk that was found by having no other format.
void require_named_raw(const std::string& path, const DiskReader& disk);

}  // namespace ovfkit
