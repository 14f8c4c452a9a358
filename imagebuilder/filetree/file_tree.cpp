// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/filetree/file_tree.h"

#include <limits>

#include "base/error.h"
#include "base/fd.h"

namespace imagebuilder {

void FileTree::read_runs(std::string_view path, const TakeBytes& take) const {
    const std::string content = read(path, std::numeric_limits<std::uint64_t>::max());
    if (!content.empty()) {
        take(0, base::as_bytes(content));
    }
}

std::vector<FileRun> FileTree::stored_runs(std::string_view path) const {
    std::vector<FileRun> runs;
    read_runs(path, [&](std::uint64_t at, std::span<const std::byte> bytes) {
        runs.push_back({at, bytes.size()});
    });
    return runs;
}

std::vector<TreeAttribute> FileTree::attributes(std::string_view) const {
    return {};
}

std::optional<std::string> read_if_there(const FileTree& tree, std::string_view path) {
    try {
        return tree.read(path, kMaxConfigurationBytes);
    } catch (const base::Error& error) {
        if (error.kind() == base::ErrorKind::not_found ||
            error.kind() == base::ErrorKind::invalid_input) {
            return std::nullopt;
        }
        throw;
    }
}

}  // namespace imagebuilder
