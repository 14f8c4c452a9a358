// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/inspection.h"

#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/descriptor/messages/localise.h"
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

constexpr std::size_t kMaxBundleBytes = 4U << 20U;

// Keeps a message bundle.
class BundleSink : public base::ByteSink {
  public:
    explicit BundleSink(std::string name) : name_(std::move(name)) {}
    void write(std::span<const std::byte> data) override {
        if (data.size() > kMaxBundleBytes - text_.size()) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("the message bundle '{}' is larger than {} bytes", name_,
                                          kMaxBundleBytes));
        }
        // SAFETY: std::byte seen as char.
        text_.append(reinterpret_cast<const char*>(data.data()), data.size());
    }
    const std::string& text() const { return text_; }

  private:
    std::string name_;
    std::string text_;
};

class KeepingHandler : public PackageHandler {
  public:
    explicit KeepingHandler(const ProgressCall& on_progress) : progress_(on_progress) {}
    void on_descriptor(const std::string& name, const std::string& /*text*/,
                       const Envelope& envelope) override {
        inspection.descriptor_name = name;
        inspection.envelope = envelope;
    }
    std::unique_ptr<base::ByteSink> open_member(const std::string& name,
                                                std::uint64_t /*size*/) override {
        return find_bundle(name) == nullptr ? nullptr : std::make_unique<BundleSink>(name);
    }
    void close_member(const std::string& name, std::unique_ptr<base::ByteSink> sink) override {
        const FileReference* file = find_bundle(name);
        if (const auto* kept = dynamic_cast<const BundleSink*>(sink.get()); kept && file) {
            const std::string id = file->id;
            fill_bundle(inspection.envelope, id, parse_message_bundle(kept->text(), name));
        }
    }
    void on_progress(std::uint64_t done, std::uint64_t total) override {
        if (progress_) {
            progress_(done, total);
        }
    }
    Inspection inspection;

  private:
    // Compressed ones are not read: no tool writes them.
    const FileReference* find_bundle(const std::string& name) const {
        for (const FileReference* file : bundle_files(inspection.envelope)) {
            if (file->href == name && file->compression != "gzip") {
                return file;
            }
        }
        return nullptr;
    }

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

}  // namespace ovfkit
