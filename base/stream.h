// SPDX-License-Identifier: Apache-2.0
// Byte streams: where one-pass readers take bytes from and writers put them. Not thread-safe; one
// user at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/fd.h"

namespace base {

class ByteSource {
  public:
    virtual ~ByteSource() = default;
    // Blocks for at least one byte; 0 means the end. Throws on failure.
    virtual std::size_t read(std::span<std::byte> buffer) = 0;
    virtual const std::string& name() const = 0;  // for messages: a path, "standard input", a URL
    // The descriptor of a regular file whose offset is the stream's position, so that a reader may
    // look ahead with pread; -1 for everything else.
    virtual int seekable_fd() const { return -1; }
    // Of the whole stream in bytes, for progress; 0 when it is not known beforehand.
    virtual std::uint64_t size() const { return 0; }
};

class ByteSink {
  public:
    virtual ~ByteSink() = default;
    virtual void write(std::span<const std::byte> data) = 0;
};

// Owns the descriptor.
class FdSource : public ByteSource {
  public:
    FdSource(UniqueFd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}
    std::size_t read(std::span<std::byte> buffer) override {
        return read_some(fd_.get(), buffer, name_);
    }
    const std::string& name() const override { return name_; }
    int seekable_fd() const override;
    std::uint64_t size() const override;  // of a regular file

  private:
    UniqueFd fd_;
    std::string name_;
};

// Borrows the descriptor.
class FdSink : public ByteSink {
  public:
    FdSink(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
    void write(std::span<const std::byte> data) override { write_all(fd_, data, name_); }

  private:
    int fd_;
    std::string name_;
};

// Passes everything on and counts it.
class CountingSink : public ByteSink {
  public:
    explicit CountingSink(ByteSink& target) : target_(target) {}
    void write(std::span<const std::byte> data) override {
        target_.write(data);
        bytes_ += data.size();
    }
    std::uint64_t bytes() const { return bytes_; }

  private:
    ByteSink& target_;
    std::uint64_t bytes_ = 0;
};

class MemorySource : public ByteSource {
  public:
    explicit MemorySource(std::string data, std::string name = "memory")
        : data_(std::move(data)), name_(std::move(name)) {}
    std::size_t read(std::span<std::byte> buffer) override;
    const std::string& name() const override { return name_; }

  private:
    std::string data_;
    std::string name_;
    std::size_t offset_ = 0;
};

class MemorySink : public ByteSink {
  public:
    void write(std::span<const std::byte> data) override { data_.append(as_text(data)); }
    const std::string& data() const { return data_; }

  private:
    std::string data_;
};

// A file, "-" for standard input, or an http(s) URL (see base/http_client.h).
std::unique_ptr<ByteSource> open_source(const std::string& location);

}  // namespace base
