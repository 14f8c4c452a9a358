// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tarball/packed_tar.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <csignal>

#include <fmt/format.h>

#include "base/error.h"
#include "imagebuilder/tree/layers.h"

namespace imagebuilder {

PackedTar::PackedTar(const std::filesystem::path& tar_zst) : file_(tar_zst) {
    if (::mkfifo(fifo().c_str(), 0600) != 0) {
        throw base::SystemError(errno, fmt::format("cannot make '{}'", fifo().string()));
    }
    // Both ends, so that neither waits for the other; ours is the last to be closed.
    const base::UniqueFd both = base::open_file(fifo().string(), O_RDWR);
    const base::UniqueFd read_end = base::open_file(fifo().string(), O_RDONLY);
    write_end_ = base::open_file(fifo().string(), O_WRONLY);
    process_.emplace(compression(read_end.get(), file_.fd()));
}

void PackedTar::finish() {
    write_end_.reset();
    const std::optional<int> status = process_->wait(std::chrono::minutes(10));
    if (status != 0) {
        throw base::Error(base::ErrorKind::external,
                          "zstd " + base::describe_status(status.value_or(128 + SIGKILL)));
    }
    file_.commit();
}

}  // namespace imagebuilder
