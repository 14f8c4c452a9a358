// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/member_relay.h"

namespace ovfkit::edit {

namespace {

class ManySink : public base::ByteSink {
  public:
    explicit ManySink(std::vector<base::ByteSink*> sinks) : sinks_(std::move(sinks)) {}
    void write(std::span<const std::byte> data) override {
        for (base::ByteSink* sink : sinks_) {
            sink->write(data);
        }
    }

  private:
    std::vector<base::ByteSink*> sinks_;
};

}  // namespace

MemberRelay::MemberRelay(OnDescriptor on_descriptor, TargetsOf targets_of, ProgressCall on_progress)
    : on_descriptor_(std::move(on_descriptor)),
      targets_of_(std::move(targets_of)),
      on_progress_(std::move(on_progress)) {
}

void MemberRelay::on_descriptor(const std::string& name, const std::string& text,
                                const Envelope& /*envelope*/) {
    on_descriptor_(name, text);
}

std::unique_ptr<base::ByteSink> MemberRelay::open_member(const std::string& name,
                                                         std::uint64_t size) {
    open_ = targets_of_(name);
    std::vector<base::ByteSink*> sinks;
    for (const RelayTarget& target : open_) {
        sinks.push_back(&target.writer->begin_member(target.name, size));
    }
    return sinks.empty() ? nullptr : std::make_unique<ManySink>(std::move(sinks));
}

void MemberRelay::close_member(const std::string& /*name*/, std::unique_ptr<base::ByteSink> sink) {
    if (sink) {
        for (const RelayTarget& target : open_) {
            target.writer->end_member();
        }
    }
}

void MemberRelay::on_progress(std::uint64_t done, std::uint64_t total) {
    if (on_progress_) {
        on_progress_(done, total);
    }
}

std::pair<std::string, std::string> split_chunk_name(const std::string& member) {
    constexpr std::size_t kDigits = 9;
    const std::size_t dot = member.rfind('.');
    const bool is_chunk = dot != std::string::npos && member.size() - dot == kDigits + 1 &&
                          member.find_first_not_of("0123456789", dot + 1) == std::string::npos;
    return is_chunk ? std::pair(member.substr(0, dot), member.substr(dot))
                    : std::pair(member, std::string());
}

}  // namespace ovfkit::edit
