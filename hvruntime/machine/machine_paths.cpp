// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/machine_paths.h"

#include <sys/un.h>

#include <fmt/format.h>

#include "base/error.h"

namespace hvruntime {

std::filesystem::path MachinePaths::overlay(const std::string& disk_id) const {
    return folder / (disk_id + ".qcow2");
}

std::filesystem::path MachinePaths::nic_socket(std::size_t index) const {
    return run_folder / fmt::format("nic{}.sock", index);
}

MachinePaths machine_paths(const std::filesystem::path& data_dir,
                           const std::filesystem::path& run_dir, const std::string& id) {
    return MachinePaths{.folder = data_dir / "machines" / id, .run_folder = run_dir / "m" / id};
}

void check_socket_path(const std::filesystem::path& path) {
    if (path.native().size() >= sizeof(sockaddr_un::sun_path)) {
        throw base::Error(
            base::ErrorKind::environment,
            fmt::format("the path '{}' is too long for a socket ({} bytes, at most "
                        "{} are possible)",
                        path.string(), path.native().size(), sizeof(sockaddr_un::sun_path) - 1),
            "point XDG_RUNTIME_DIR to a folder with a shorter path");
    }
}

}  // namespace hvruntime
