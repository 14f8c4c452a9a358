// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/inspection.h"

#include <sys/stat.h>
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/descriptor/read_envelope.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit {

namespace {

constexpr std::size_t kPeek = 64;

// Gives back what was read to find out what it is.
class PeekedSource : public base::ByteSource {
  public:
    PeekedSource(base::ByteSource& rest, std::string start)
        : rest_(rest), start_(std::move(start)) {}
    std::size_t read(std::span<std::byte> buffer) override {
        if (taken_ == start_.size()) {
            return rest_.read(buffer);
        }
        const auto left = base::as_bytes(start_).subspan(taken_);
        const std::size_t count = std::min(buffer.size(), left.size());
        std::copy_n(left.begin(), count, buffer.begin());
        taken_ += count;
        return count;
    }
    const std::string& name() const override { return rest_.name(); }

  private:
    base::ByteSource& rest_;
    std::string start_;
    std::size_t taken_ = 0;
};

std::string peek(base::ByteSource& source) {
    std::string start(kPeek, '\0');
    std::size_t have = 0;
    while (have < start.size()) {
        const std::size_t got = source.read(std::as_writable_bytes(std::span(start)).subspan(have));
        if (got == 0) {
            break;
        }
        have += got;
    }
    start.resize(have);
    return start;
}

// UTF-8 or UTF-16, with or without a byte-order mark: the first real character is '<'.
bool looks_like_xml(std::string_view start) {
    const std::size_t at =
        start.find_first_not_of(std::string_view("\xef\xbb\xbf\xff\xfe\0 \t\r\n", 10));
    return at != std::string_view::npos && start[at] == '<';
}

std::string read_descriptor(base::ByteSource& source, std::uint64_t limit) {
    std::string text;
    std::string chunk(65536, '\0');
    while (const std::size_t got = source.read(std::as_writable_bytes(std::span(chunk)))) {
        if (got > limit - text.size()) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("{} is larger than {} bytes, the limit of a descriptor",
                                          quoted_source(source.name()), limit));
        }
        text.append(chunk, 0, got);
    }
    return text;
}

class KeepingHandler : public PackageHandler {
  public:
    explicit KeepingHandler(const ProgressCall& on_progress) : progress_(on_progress) {}
    void on_descriptor(const std::string& name, const std::string& /*text*/,
                       const Envelope& envelope) override {
        inspection.descriptor_name = name;
        inspection.envelope = envelope;
    }
    std::unique_ptr<base::ByteSink> open_member(const std::string& /*name*/,
                                                std::uint64_t /*size*/) override {
        return nullptr;
    }
    void on_progress(std::uint64_t done, std::uint64_t total) override {
        if (progress_) {
            progress_(done, total);
        }
    }
    Inspection inspection;

  private:
    const ProgressCall& progress_;
};

std::string peek_at_file(int fd, const std::string& name) {
    std::string start(kPeek, '\0');
    start.resize(base::pread_some(fd, std::as_writable_bytes(std::span(start)), 0, name));
    return start;
}

}  // namespace

Inspection inspect_source(base::ByteSource& source, const VerifyPolicy& policy,
                          const ProgressCall& on_progress) {
    const int fd = source.seekable_fd();
    const std::string start = fd >= 0 ? peek_at_file(fd, source.name()) : peek(source);
    PeekedSource peeked(source, start);
    base::ByteSource& whole = fd >= 0 ? source : peeked;
    if (looks_like_xml(start)) {
        Inspection bare;
        bare.descriptor_name = source.name();
        bare.envelope =
            read_envelope(read_descriptor(whole, policy.descriptor_bytes), source.name());
        return bare;
    }
    KeepingHandler handler(on_progress);
    VerifyPolicy collecting = policy;
    collecting.collect_failures = true;
    PackageReport report = read_package(whole, handler, collecting);
    handler.inspection.package = std::move(report);
    return std::move(handler.inspection);
}

PackageReport verify_source(base::ByteSource& source, VerifyPolicy policy,
                            const ProgressCall& on_progress) {
    KeepingHandler handler(on_progress);
    policy.collect_failures = true;
    PackageReport report = read_package(source, handler, policy);
    return report;
}

}  // namespace ovfkit
