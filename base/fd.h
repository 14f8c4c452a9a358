// SPDX-License-Identifier: Apache-2.0
// File descriptors with one owner. Everything is opened close-on-exec; EINTR is handled here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace base {

class UniqueFd {
  public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept;
    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;
    ~UniqueFd() { reset(); }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    int release();
    void reset(int fd = -1) noexcept;

  private:
    int fd_ = -1;
};

struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;
};
Pipe make_pipe();

// open(2) with O_CLOEXEC added; SystemError names the path.
UniqueFd open_file(const std::string& path, int flags, unsigned mode = 0666);
// A regular file for reading, never through a final symlink: O_RDONLY | O_NOFOLLOW, then fstat.
UniqueFd open_regular(const std::string& path);

// `name` is what errors call the object.
std::size_t read_some(int fd, std::span<std::byte> buffer, std::string_view name);
// Reads to the end and keeps nothing: a reader may know its end before a writer behind a pipe has
// put its last bytes, and closing the pipe would fail the writer.
void drain(int fd, std::string_view name);
void read_exactly(int fd, std::span<std::byte> buffer, std::string_view name);
void write_all(int fd, std::span<const std::byte> data, std::string_view name);
void write_all(int fd, std::string_view data, std::string_view name);
// As many bytes as there are before the end of the file.
std::size_t pread_some(int fd, std::span<std::byte> buffer, std::uint64_t offset,
                       std::string_view name);
void pread_exactly(int fd, std::span<std::byte> buffer, std::uint64_t offset,
                   std::string_view name);
void pwrite_all(int fd, std::span<const std::byte> data, std::uint64_t offset,
                std::string_view name);

std::span<const std::byte> as_bytes(std::string_view text);
std::string_view as_text(std::span<const std::byte> bytes);

}  // namespace base
