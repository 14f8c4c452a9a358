// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/source/tar_stream.h"

#include <algorithm>

#include "ovfkit/package/tar/tar_header.h"

namespace ovfkit {

namespace {

constexpr std::size_t kShortName = 100;  // what fits into every ustar header

std::size_t padding_after(std::uint64_t size) {
    return static_cast<std::size_t>((kTarBlock - size % kTarBlock) % kTarBlock);
}

std::string header_of(const std::string& name, std::uint64_t size, char type = '0') {
    return std::string(base::as_text(make_tar_header(name, size, 0, type)));
}

// A pax record with the long name, then a header with a short one.
std::string long_header_of(const std::string& name, std::uint64_t size) {
    const std::string record = make_pax_record("path", name);
    return header_of("PaxHeader", record.size(), 'x') + record +
           std::string(padding_after(record.size()), '\0') + header_of("long-name", size);
}

}  // namespace

// The end of the member before, and the header of the next; at last the end mark.
void TarStream::begin_next() {
    pending_.assign(padding_after(member_size_), '\0');
    pending_taken_ = 0;
    const std::optional<Member> member = next_member();
    if (!member) {
        pending_.append(2 * kTarBlock, '\0');
        ended_ = true;
        return;
    }
    member_size_ = member->size;
    member_left_ = member->size;
    pending_ += member->name.size() > kShortName ? long_header_of(member->name, member->size)
                                                 : header_of(member->name, member->size);
}

std::size_t TarStream::read(std::span<std::byte> buffer) {
    while (true) {
        if (pending_taken_ < pending_.size()) {
            const auto left = base::as_bytes(pending_).subspan(pending_taken_);
            const std::size_t count = std::min(left.size(), buffer.size());
            std::copy_n(left.begin(), count, buffer.begin());
            pending_taken_ += count;
            return count;
        }
        if (member_left_ > 0) {
            const std::size_t want = std::min<std::uint64_t>(member_left_, buffer.size());
            const std::size_t got = read_member(buffer.first(want));
            member_left_ -= got;
            return got;
        }
        if (ended_) {
            return 0;
        }
        begin_next();
    }
}

}  // namespace ovfkit
