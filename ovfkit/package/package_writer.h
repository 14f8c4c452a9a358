// SPDX-License-Identifier: Apache-2.0
// Writes a package: members in the order of the calls (the descriptor first), their digests taken
// on the way, then manifest and certificate. Into a pipe each size must be known beforehand; into a
// file or folder it need not be, and the descriptor may be reserved first and filled in when the
// sizes of the disks are known. The same calls give the same bytes (SOURCE_DATE_EPOCH). The caller
// owns the output and publishes it after finish() (AtomicFile, TempDir).
// Not thread-safe. DSP0243 2.1.1, 5.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto/digest.h"
#include "base/stream.h"
#include "ovfkit/package/certificate.h"
#include "ovfkit/package/look_ahead.h"
#include "ovfkit/package/manifest.h"
#include "ovfkit/package/tar/tar_writer.h"

namespace ovfkit {

struct PackageWriterOptions {
    base::DigestAlgorithm digest = base::DigestAlgorithm::sha256;
    std::uint64_t mtime = package_time();
    // Members other than texts are cut into chunks of this size, "disk.vmdk.000000000" and so on;
    // the File in the descriptor must say so (chunkSize). DSP0243 7.1. 0: they are not.
    std::uint64_t chunk_bytes = 0;
};

class PackageWriter {
  public:
    // Writes the member's data; must not keep the sink.
    using Fill = std::function<void(base::ByteSink&)>;

    explicit PackageWriter(base::ByteSink& sink, PackageWriterOptions options = {});
    PackageWriter(int seekable_fd, std::string name, PackageWriterOptions options = {});
    // Into anything, a FolderWriter for one.
    explicit PackageWriter(std::unique_ptr<MemberOutput> output, PackageWriterOptions options = {});
    PackageWriter(const PackageWriter&) = delete;
    PackageWriter& operator=(const PackageWriter&) = delete;
    ~PackageWriter();

    bool seekable() const { return output_->seekable(); }

    // A small member from memory: the descriptor, a message bundle. The first one with the
    // extension .ovf names manifest and certificate.
    void add_text(const std::string& name, std::string_view text);
    // Keeps room for the descriptor (seekable output only); fill_reserved() must follow before
    // finish(). A shorter text is filled up with line ends, which XML allows after its end.
    void reserve_text(const std::string& name, std::uint64_t bytes);
    void fill_reserved(std::string_view text);
    // `size` bytes exactly, else Error(internal).
    void add_member(const std::string& name, std::uint64_t size, const Fill& fill);
    // Size unknown: seekable output only. Returns the size.
    std::uint64_t add_member(const std::string& name, const Fill& fill);
    // The same through gzip, for a File with compression="gzip": returns the compressed size.
    std::uint64_t add_gzip_member(const std::string& name, const Fill& fill);
    // The same in two calls, for data that are pushed: the sink is good until end_member().
    base::ByteSink& begin_member(const std::string& name, std::optional<std::uint64_t> size);
    std::uint64_t end_member();
    // Manifest, certificate if a signer is given, end of the package.
    void finish(const PackageSigner* signer = nullptr);
    // The same with a manifest that exists already, kept byte for byte, and a certificate file for
    // it (null: none); the caller answers for both.
    void finish_with(const PackageText& manifest, const PackageText* certificate);

    // The manifest of all members so far, under the name that belongs to the descriptor.
    PackageText manifest_text() const;

    const std::vector<ManifestEntry>& entries() const { return manifest_.entries; }

  private:
    class MemberSink;
    struct Reserved {
        std::size_t entry;
        std::uint64_t offset;
        std::uint64_t bytes;
    };
    base::ByteSink& begin(const std::string& name, std::optional<std::uint64_t> size,
                          std::uint64_t chunk_bytes);
    void require_new_name(const std::string& name) const;
    void note_descriptor(const std::string& name);
    void put_unlisted(const std::string& name, std::string_view text);

    std::unique_ptr<MemberOutput> output_;
    PackageWriterOptions options_;
    Manifest manifest_;
    std::optional<Reserved> reserved_;
    std::string base_name_;  // of the descriptor, without .ovf
    std::unique_ptr<MemberSink> member_;
};

}  // namespace ovfkit
