// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/inspection.h"

#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/descriptor/read_envelope.h"
#include "ovfkit/package/source/open_package.h"
#include "ovfkit/package/source/peeked_source.h"
#include "ovfkit/package/tar/member_name.h"
#include "ovfkit/package/tar/tar_header.h"

namespace ovfkit {

namespace {

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

}  // namespace

Inspection inspect_source(base::ByteSource& source, const VerifyPolicy& policy,
                          const ProgressCall& on_progress) {
    const std::string start = peek_at(source, kTarBlock);
    PeekedSource peeked(source, start);
    base::ByteSource& whole = source.seekable_fd() >= 0 ? source : peeked;
    if (find_package_form(base::as_bytes(start)) == PackageForm::xml) {
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
