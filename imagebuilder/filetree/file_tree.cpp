// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/filetree/file_tree.h"

#include "base/error.h"

namespace imagebuilder {

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
