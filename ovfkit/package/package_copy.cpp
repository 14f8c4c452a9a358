// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/package_copy.h"

namespace ovfkit {

namespace {

// Hands a member's bytes on; the sink of the writer is its own and outlives this one.
class PassingSink : public base::ByteSink {
  public:
    explicit PassingSink(base::ByteSink& target) : target_(target) {}
    void write(std::span<const std::byte> data) override { target_.write(data); }

  private:
    base::ByteSink& target_;
};

class CopyingHandler : public PackageHandler {
  public:
    CopyingHandler(PackageWriter& writer, const CopyPlan& plan) : writer_(writer), plan_(plan) {}

    void on_descriptor(const std::string& name, const std::string& text,
                       const Envelope& envelope) override {
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
    bool wants_chunks() const override { return true; }
    std::unique_ptr<base::ByteSink> open_member(const std::string& name,
                                                std::uint64_t size) override {
        const std::optional<std::string> kept =
            plan_.on_member ? plan_.on_member(name, size) : std::optional(name);
        if (!kept) {
            return nullptr;
        }
        return std::make_unique<PassingSink>(writer_.begin_member(*kept, size));
    }
    void close_member(const std::string& /*name*/, std::unique_ptr<base::ByteSink> sink) override {
        if (sink) {
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
