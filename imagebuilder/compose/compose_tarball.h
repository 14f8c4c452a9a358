// SPDX-License-Identifier: Apache-2.0
// A tar of a root file system straight into a bootable disk: no tree, no namespaces, no root. The
// entries pass by in the order of the tar, what every image gets is added to them. Two passes over
// the tar, the first one over its headers and a few small files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "imagebuilder/compose/tree_changes.h"
#include "imagebuilder/disk/tar_entries.h"
#include "imagebuilder/evidence/image_evidence.h"
#include "imagebuilder/recipe.h"
#include "imagebuilder/tarball/tarball.h"
#include "imagebuilder/tree/finish.h"

namespace imagebuilder {

// One way through a tar. finish() comes after the last entry, or after an error: it throws what
// went wrong where the tar is made.
class TarPassage {
  public:
    virtual ~TarPassage() = default;
    virtual TarEntries& entries() = 0;
    virtual void finish() {}
};

struct ComposeOptions {
    Tarball tarball;
    // Instead of the tarball's file; called for each pass, and has to give the same bytes. May be
    // empty.
    std::function<std::unique_ptr<TarPassage>()> open_tar = {};
    const TreeChanges* changes = nullptr;  // of a machine that stays what it is
    const Recipe* recipe = nullptr;
    std::optional<GuestFiles> guest;
    std::string key;  // of the image
    std::string filesystem_uuid;
    std::optional<std::int64_t> epoch;  // absent: the newest time in the tar
    std::filesystem::path work_dir;
    std::filesystem::path qcow2;
    std::function<void(const std::string&)> on_step;  // before each of kComposeSteps
};

inline constexpr int kComposeSteps = 2;

// An image besides its disk.
struct ImageParts {
    std::int64_t epoch = 0;
    std::string kernel;  // bytes
    std::string kernel_version;
    std::string initrd;  // bytes
    std::string command_line;
    PackageTexts packages;
};

ImageParts compose_tarball(const ComposeOptions& options);

// Of an entry in the tar.
std::int64_t newest_time_in(const Tarball& tarball);

}  // namespace imagebuilder
