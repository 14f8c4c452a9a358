// SPDX-License-Identifier: Apache-2.0
// One file of a package on its way to the handler: a member, or the chunks of one after another.
// The digest speaks first, the handler's sink second: what a sink says against the content is held
// back until the digests were compared. Used by read_package() alone.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>

#include "base/crypto/digest.h"
#include "base/error.h"
#include "ovfkit/package/package_reader.h"
#include "ovfkit/package/reference_check.h"

namespace ovfkit {

// Something is wrong with what is read, not with the way of reading it.
bool blames_content(const base::Error& error);

class Delivery {
  public:
    // Asks the handler, if any, for a sink. With a chunk (number 0), the file is put together.
    Delivery(PackageHandler* handler, const std::string& name, std::uint64_t size,
             const std::optional<ChunkName>& chunk = std::nullopt);

    // Which chunk has to follow; absent when `chunk` belongs to another file.
    std::optional<std::uint64_t> next_chunk_of(const ChunkName& chunk) const;

    // Gets every byte of the member; also what the sink refuses.
    base::ByteSink& sink() { return sink_; }
    // The member is complete. `matches`: its digest is not known to be wrong.
    void end_member(bool matches, bool in_manifest);

    // Closes the file at the handler. What it holds against the content is in failure().
    void close();
    bool matches() const { return matches_; }
    std::exception_ptr failure() const { return sink_.failure; }
    // The whole file, when it came in chunks.
    const std::optional<PackageMember>& joined() const { return joined_; }

  private:
    struct Sink : public base::ByteSink {
        void write(std::span<const std::byte> data) override;
        base::ByteSink* target = nullptr;
        Delivery* owner = nullptr;
        std::exception_ptr failure;
    };

    PackageHandler* handler_;
    std::string name_;
    std::unique_ptr<base::ByteSink> target_;
    Sink sink_;
    bool matches_ = true;
    std::optional<PackageMember> joined_;
    std::optional<base::Digest> joined_digest_;
    const FileReference* file_ = nullptr;
    std::uint64_t next_chunk_ = 0;
};

}  // namespace ovfkit
