// SPDX-License-Identifier: Apache-2.0
// What every image gets besides the tree of its tar, decided from a survey of it: muster-guest,
// settings, units that are enabled, and which files of the tar the initrd is made of. The
// counterpart of imagebuilder/tree/finish.h for trees that are never unpacked. Pure but for reading
// the guest's files from this host.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "imagebuilder/compose/tar_survey.h"
#include "imagebuilder/compose/tree_changes.h"
#include "imagebuilder/disk/file_entry.h"
#include "imagebuilder/evidence/image_evidence.h"
#include "imagebuilder/recipe.h"
#include "imagebuilder/tree/finish.h"

namespace imagebuilder {

struct NewFile {
    FileEntry entry;  // its place in the image
    std::string content;
};

struct KernelFiles {
    std::string version;
    std::string kernel;  // its place in the image
    std::uint64_t kernel_bytes = 0;
    std::string modules_dep;           // the text
    std::vector<std::string> modules;  // as the index names them
    std::string modules_folder;        // their place in the image
    std::uint64_t module_bytes = 0;    // of all of them
};

// Picks the files whose content a survey has to keep: for one survey, as it counts the bytes of
// copyright files.
std::function<bool(const FileEntry&)> survey_files();

// Throws invalid_input for no kernel or several, unless `version` says which one, or without
// modules.
KernelFiles find_kernel_files(const TarSurvey& survey, const std::string& version = "");

// What the files of an image follow from.
struct NewFilesOptions {
    const Recipe& recipe;
    const std::optional<GuestFiles>& guest;
    const std::string& filesystem_uuid;
    const TreeChanges* changes = nullptr;  // instead of the recipe's host name, hosts and fstab
};

// All files but initrd and grub.cfg, without links among their folders, in byte order of their
// places. `time` is theirs. Throws invalid_input when the tar lacks programs that they run.
std::vector<NewFile> plan_new_files(const NewFilesOptions& options, const TarSurvey& survey,
                                    std::int64_t time);

NewFile make_new_file(const TarSurvey& survey, const std::string& path, std::string content,
                      unsigned permissions, std::int64_t time);

// As dpkg's files and os-release have it; empty without them.
PackageTexts read_packages(const TarSurvey& survey);

}  // namespace imagebuilder
