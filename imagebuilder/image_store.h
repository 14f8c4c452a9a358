// SPDX-License-Identifier: Apache-2.0
// Finished images in cache_dir()/images/KEY: disk, kernel, initrd and record. A folder appears
// under its key only when everything in it is whole. Callers hold the key's lock.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "imagebuilder/build.h"
#include "ovfkit/convert/convert.h"
#include "ovfkit/env/config/config_schema.h"

namespace imagebuilder {

struct StoredImage {
    std::string key;
    std::filesystem::path folder;  // not yet under its name
    std::filesystem::path disk;
    std::filesystem::path kernel;
    std::filesystem::path initrd;
    std::filesystem::path record;
};

struct ImageRecord {
    std::string name;
    std::string version;
    std::string description;
    std::string key;
    std::string kernel_version;
    std::string kernel_command_line;
    std::uint64_t capacity_bytes = 0;
    std::int64_t epoch = 0;
    std::vector<std::string> packages;  // "name version architecture"
    std::vector<StepTime> steps;
    ovfkit::ConfigSchema config;
};

std::filesystem::path image_lock_path(const std::string& key);
bool has_image(const std::string& key);
StoredImage new_stored_image(const std::string& key);  // an empty folder to fill
void write_record(const StoredImage& image, const ImageRecord& record);
void publish_image(const StoredImage& image);
void touch_image(const std::string& key);  // it was used now
BuiltImage read_image(const std::string& key);

// Throws usage when the extension of the name is none that a disk is written as: .qcow2, .raw, .img
// or .vmdk.
ovfkit::DiskForm form_of_image(const std::filesystem::path& output);

// A disk in another form; the file appears whole or not at all.
void write_disk_as(const std::filesystem::path& from, ovfkit::DiskFormat format,
                   const std::filesystem::path& to, ovfkit::DiskForm form);

// A file under another name, by reference where the file system can; whole or not at all.
void copy_whole(const std::filesystem::path& from, const std::filesystem::path& to);

// Copies (by reference where the file system can) or converts to OUTPUT and its siblings, and names
// them in the image. Each file appears whole or not at all, the disk last.
void copy_image_to(BuiltImage& image, const std::filesystem::path& output);

}  // namespace imagebuilder
