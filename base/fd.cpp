// SPDX-License-Identifier: Apache-2.0
#include "base/fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "base/error.h"

namespace base {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
        reset(other.release());
    }
    return *this;
}

int UniqueFd::release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
}

void UniqueFd::reset(int fd) noexcept {
    if (fd_ >= 0) {
        ::close(fd_);
    }
    fd_ = fd;
}

Pipe make_pipe() {
    int fds[2] = {-1, -1};
    if (::pipe2(fds, O_CLOEXEC) != 0) {
        throw SystemError(errno, "cannot make a pipe");
    }
    return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

UniqueFd open_file(const std::string& path, int flags, unsigned mode) {
    int fd = -1;
    do {
        fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        throw SystemError(errno, fmt::format("cannot open '{}'", path));
    }
    return UniqueFd(fd);
}

UniqueFd open_regular(const std::string& path) {
    UniqueFd fd = open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) {
        throw SystemError(errno, fmt::format("cannot stat '{}'", path));
    }
    if (!S_ISREG(info.st_mode)) {
        throw Error(ErrorKind::invalid_input, fmt::format("'{}' is not a regular file", path));
    }
    return fd;
}

std::size_t read_some(int fd, std::span<std::byte> buffer, std::string_view name) {
    while (true) {
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got >= 0) {
            return static_cast<std::size_t>(got);
        }
        if (errno != EINTR) {
            throw SystemError(errno, fmt::format("cannot read '{}'", name));
        }
    }
}

void drain(int fd, std::string_view name) {
    std::array<std::byte, 65536> rest{};
    while (read_some(fd, rest, name) > 0) {
    }
}

void read_exactly(int fd, std::span<std::byte> buffer, std::string_view name) {
    while (!buffer.empty()) {
        const std::size_t got = read_some(fd, buffer, name);
        if (got == 0) {
            throw Error(ErrorKind::invalid_input, fmt::format("'{}' ends too early", name));
        }
        buffer = buffer.subspan(got);
    }
}

void write_all(int fd, std::span<const std::byte> data, std::string_view name) {
    while (!data.empty()) {
        const ssize_t put = ::write(fd, data.data(), data.size());
        if (put >= 0) {
            data = data.subspan(static_cast<std::size_t>(put));
        } else if (errno != EINTR) {
            throw SystemError(errno, fmt::format("cannot write '{}'", name));
        }
    }
}

void write_all(int fd, std::string_view data, std::string_view name) {
    write_all(fd, as_bytes(data), name);
}

std::size_t pread_some(int fd, std::span<std::byte> buffer, std::uint64_t offset,
                       std::string_view name) {
    std::size_t done = 0;
    while (done < buffer.size()) {
        const ssize_t got = ::pread(fd, buffer.data() + done, buffer.size() - done,
                                    static_cast<off_t>(offset + done));
        if (got > 0) {
            done += static_cast<std::size_t>(got);
        } else if (got == 0) {
            break;
        } else if (errno != EINTR) {
            throw SystemError(errno, fmt::format("cannot read '{}'", name));
        }
    }
    return done;
}

void pread_exactly(int fd, std::span<std::byte> buffer, std::uint64_t offset,
                   std::string_view name) {
    if (pread_some(fd, buffer, offset, name) != buffer.size()) {
        throw Error(ErrorKind::invalid_input, fmt::format("'{}' ends too early", name));
    }
}

void pwrite_all(int fd, std::span<const std::byte> data, std::uint64_t offset,
                std::string_view name) {
    while (!data.empty()) {
        const ssize_t put = ::pwrite(fd, data.data(), data.size(), static_cast<off_t>(offset));
        if (put >= 0) {
            data = data.subspan(static_cast<std::size_t>(put));
            offset += static_cast<std::uint64_t>(put);
        } else if (errno != EINTR) {
            throw SystemError(errno, fmt::format("cannot write '{}'", name));
        }
    }
}

std::span<const std::byte> as_bytes(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

std::string_view as_text(std::span<const std::byte> bytes) {
    // SAFETY: char may alias any object.
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace base
