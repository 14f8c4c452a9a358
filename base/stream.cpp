// SPDX-License-Identifier: Apache-2.0
#include "base/stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/http_client.h"
#include "base/http_source.h"

namespace base {

int FdSource::seekable_fd() const {
    struct stat info {};
    const bool regular = ::fstat(fd_.get(), &info) == 0 && S_ISREG(info.st_mode);
    return regular ? fd_.get() : -1;
}

std::uint64_t FdSource::size() const {
    struct stat info {};
    const bool regular = ::fstat(fd_.get(), &info) == 0 && S_ISREG(info.st_mode);
    return regular ? static_cast<std::uint64_t>(info.st_size) : 0;
}

std::size_t MemorySource::read(std::span<std::byte> buffer) {
    const auto rest = as_bytes(data_).subspan(offset_);
    const std::size_t count = std::min(buffer.size(), rest.size());
    std::copy_n(rest.begin(), count, buffer.begin());
    offset_ += count;
    return count;
}

std::unique_ptr<ByteSource> open_source(const std::string& location) {
    if (location == "-") {
        return std::make_unique<FdSource>(UniqueFd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)),
                                          "standard input");
    }
    if (is_http_url(location)) {
        return open_http_source(location);
    }
    // The user's own link is followed; what it leads to must be a plain file.
    std::error_code missing;
    const std::filesystem::path real = std::filesystem::canonical(location, missing);
    return std::make_unique<FdSource>(open_regular(missing ? location : real.string()), location);
}

}  // namespace base
