// SPDX-License-Identifier: Apache-2.0
// A tar on its way into a file, compressed as all trees are kept. The file appears under its name
// when all of it was written.
#pragma once

#include <filesystem>
#include <optional>

#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"

namespace imagebuilder {

class PackedTar {
  public:
    explicit PackedTar(const std::filesystem::path& tar_zst);
    // To write the tar to: a descriptor, which is borrowed, or a FIFO for another program.
    int fd() const { return write_end_.get(); }
    std::filesystem::path fifo() const { return folder_.path() / "tar"; }
    // After the last byte; nobody else may have either open. Throws external when compressing
    // failed.
    void finish();

  private:
    base::TempDir folder_;
    base::AtomicFile file_;
    base::UniqueFd write_end_;
    std::optional<base::Process> process_;
};

}  // namespace imagebuilder
