// SPDX-License-Identifier: Apache-2.0
// A machine becomes a golden image: what it has written is copied while it is stopped, and a new
// disk is put together out of the files of all its disks, without what two machines must not share.
// The machine's own disks stay as they are; one that ran runs again as soon as the copy is made.
// Live, its QEMU makes the copy while it goes on.
#pragma once

#include <string>

#include "base/cli/io.h"
#include "imagebuilder/saved/saved_images.h"

namespace cli {

struct TemplateSaveOptions {
    std::string deployment;
    std::string machine;
    std::string name;
    bool force = false;  // replace a template of that name
    bool live = false;   // a machine that runs goes on
    bool freeze = true;  // live: its file systems stand still while the copy begins
};

// Throws conflict for a name that is taken, unsupported for a machine whose system cannot be put
// together anew, invalid_input when an identity is left that nothing makes anew.
imagebuilder::SavedImage save_template(const TemplateSaveOptions& options, base::cli::Io& io);

}  // namespace cli
