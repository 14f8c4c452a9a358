// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/raw_copy.h"

namespace ovfkit::edit {

namespace {

class PassingSink : public base::ByteSink {
  public:
    explicit PassingSink(base::ByteSink& target) : target_(target) {}
    void write(std::span<const std::byte> data) override { target_.write(data); }

  private:
    base::ByteSink& target_;
};

class RawCopyHandler : public PackageHandler {
  public:
    RawCopyHandler(MemberOutput& output, const MemberChoice& wanted,
                   const ProgressCall& on_progress)
        : output_(output), wanted_(wanted), on_progress_(on_progress) {}

    void on_descriptor(const std::string& name, const std::string& text,
                       const Envelope& /*envelope*/) override {
        put_text(name, text);
    }
    void on_text(const std::string& name, const std::string& text) override {
        put_text(name, text);
    }
    bool wants_chunks() const override { return true; }
    std::unique_ptr<base::ByteSink> open_member(const std::string& name,
                                                std::uint64_t size) override {
        if (wanted_ && !wanted_(name)) {
            return nullptr;
        }
        output_.begin_member(name, size);
        return std::make_unique<PassingSink>(output_);
    }
    void close_member(const std::string& /*name*/, std::unique_ptr<base::ByteSink> sink) override {
        if (sink) {
            output_.end_member();
        }
    }
    void on_progress(std::uint64_t done, std::uint64_t total) override {
        if (on_progress_) {
            on_progress_(done, total);
        }
    }

  private:
    void put_text(const std::string& name, const std::string& text) {
        if (!wanted_ || wanted_(name)) {
            output_.begin_member(name, text.size());
            output_.write(base::as_bytes(text));
            output_.end_member();
        }
    }

    MemberOutput& output_;
    const MemberChoice& wanted_;
    const ProgressCall& on_progress_;
};

}  // namespace

PackageReport copy_raw(base::ByteSource& source, const VerifyPolicy& policy, MemberOutput& output,
                       const MemberChoice& wanted, const ProgressCall& on_progress) {
    RawCopyHandler handler(output, wanted, on_progress);
    VerifyPolicy strict = policy;
    strict.collect_failures = false;
    PackageReport report = read_package(source, handler, strict);
    output.finish();
    return report;
}

}  // namespace ovfkit::edit
