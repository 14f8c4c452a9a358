// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/delivery.h"

namespace ovfkit {

bool blames_content(const base::Error& error) {
    return error.kind() == base::ErrorKind::invalid_input ||
           error.kind() == base::ErrorKind::unsupported;
}

Delivery::Delivery(PackageHandler* handler, const std::string& name, std::uint64_t size,
                   const std::optional<ChunkName>& chunk)
    : handler_(handler), name_(chunk ? chunk->name : name) {
    if (chunk) {
        joined_ = PackageMember{.name = name_, .in_manifest = true};
        joined_digest_.emplace(base::DigestAlgorithm::sha256);
        file_ = chunk->file;
        size = file_->size.value_or(0);
    }
    target_ = handler != nullptr ? handler->open_member(name_, size) : nullptr;
    sink_.target = target_.get();
    sink_.owner = this;
}

std::optional<std::uint64_t> Delivery::next_chunk_of(const ChunkName& chunk) const {
    const bool same = joined_ && file_ == chunk.file && name_ == chunk.name;
    return same ? std::optional(next_chunk_) : std::nullopt;
}

void Delivery::Sink::write(std::span<const std::byte> data) {
    if (owner->joined_) {
        owner->joined_->size += data.size();
        owner->joined_digest_->update(data);
    }
    if (target == nullptr || failure) {
        return;
    }
    try {
        target->write(data);
    } catch (const base::Error& error) {
        if (!blames_content(error)) {
            throw;
        }
        failure = std::current_exception();
    }
}

void Delivery::end_member(bool matches, bool in_manifest) {
    matches_ = matches_ && matches;
    ++next_chunk_;
    if (joined_) {
        joined_->in_manifest = joined_->in_manifest && in_manifest;
    }
}

void Delivery::close() {
    if (joined_) {
        joined_->sha256 = joined_digest_->finish_hex();
    }
    if (!matches_ || sink_.failure || !target_) {
        return;
    }
    try {
        handler_->close_member(name_, std::move(target_));
    } catch (const base::Error& error) {
        if (!blames_content(error)) {
            throw;
        }
        sink_.failure = std::current_exception();
    }
}

}  // namespace ovfkit
