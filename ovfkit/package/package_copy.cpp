// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/package_copy.h"

#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/descriptor/envelope.h"

namespace ovfkit {

namespace {

// Hands a member's bytes on; the sink of the writer is its own and outlives this one. Of a file in
// chunks the size is what the descriptor says, which may be wrong.
class PassingSink : public base::ByteSink {
  public:
    PassingSink(base::ByteSink& target, std::string name, std::optional<std::uint64_t> announced)
        : target_(target), name_(std::move(name)), announced_(announced) {}
    void write(std::span<const std::byte> data) override {
        written_ += data.size();
        if (announced_ && written_ > *announced_) {
            refuse();
        }
        target_.write(data);
    }
    void finish() const {
        if (announced_ && written_ != *announced_) {
            refuse();
        }
    }

  private:
    [[noreturn]] void refuse() const {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("'{}' does not have the {} bytes that the descriptor says",
                                      name_, *announced_),
                          "write into a file: sizes are then corrected afterwards");
    }

    base::ByteSink& target_;
    std::string name_;
    std::optional<std::uint64_t> announced_;
    std::uint64_t written_ = 0;
};

class CopyingHandler : public PackageHandler {
  public:
    CopyingHandler(PackageWriter& writer, const CopyPlan& plan) : writer_(writer), plan_(plan) {}

    void on_descriptor(const std::string& name, const std::string& text,
                       const Envelope& envelope) override {
        if (plan_.join_chunks && !writer_.seekable()) {
            require_sizes(envelope);
        }
        std::optional<std::string> changed;
        if (plan_.on_descriptor) {
            changed = plan_.on_descriptor(name, text, envelope);
        }
        writer_.add_text(plan_.descriptor_name.value_or(name), changed.value_or(text));
    }
    void on_text(const std::string& name, const std::string& text) override {
        if (is_manifest_name(name)) {
            manifest = PackageText{name, text};
        }
    }
    bool wants_chunks() const override { return !plan_.join_chunks; }
    std::unique_ptr<base::ByteSink> open_member(const std::string& name,
                                                std::uint64_t size) override {
        const std::optional<std::string> kept =
            plan_.on_member ? plan_.on_member(name, size) : std::optional(name);
        if (!kept) {
            return nullptr;
        }
        const std::optional<std::uint64_t> announced =
            plan_.join_chunks && writer_.seekable() ? std::nullopt : std::optional(size);
        return std::make_unique<PassingSink>(writer_.begin_member(*kept, announced), *kept,
                                             announced);
    }
    void close_member(const std::string& /*name*/, std::unique_ptr<base::ByteSink> sink) override {
        if (const auto* passing = dynamic_cast<PassingSink*>(sink.get())) {
            passing->finish();
            writer_.end_member();
        }
    }
    void on_progress(std::uint64_t done, std::uint64_t total) override {
        if (plan_.on_progress) {
            plan_.on_progress(done, total);
        }
    }

    std::optional<PackageText> manifest;

  private:
    static void require_sizes(const Envelope& envelope) {
        for (const FileReference& file : envelope.files) {
            if (file.chunk_size && !file.size) {
                throw base::Error(
                    base::ErrorKind::unsupported,
                    fmt::format("the descriptor does not say how large '{}' is, so its chunks "
                                "cannot be cut anew into a pipe",
                                file.href),
                    "write into a file");
            }
        }
    }

    PackageWriter& writer_;
    const CopyPlan& plan_;
};

}  // namespace

CopyResult copy_package(base::ByteSource& source, const VerifyPolicy& policy, PackageWriter& writer,
                        const CopyPlan& plan) {
    CopyingHandler handler(writer, plan);
    VerifyPolicy strict = policy;
    strict.collect_failures = false;  // nothing that is wrong is copied
    CopyResult result;
    result.source = read_package(source, handler, strict);
    result.manifest = std::move(handler.manifest);
    return result;
}

}  // namespace ovfkit
