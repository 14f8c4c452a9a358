// SPDX-License-Identifier: Apache-2.0
// Reads an OVA once, from a file, standard input or HTTP: the very bytes that go to the handler are
// hashed and compared with the manifest, and the manifest with its signature. The handler gets data
// before the verdict is known (unless the source is a file, see below): it must keep everything in
// quarantine and publish only after read_package() has returned. DSP0243 2.1.1, 5.
//
// A regular file is looked at ahead with pread: the descriptor may then stand anywhere, and
// manifest and signature are checked before the first disk byte is delivered. In a stream, members
// before the descriptor are kept in memory up to a limit. When a stream's manifest comes after the
// data, the digests must be chosen blindly: SHA-256 and SHA-1, with `any_algorithm` SHA-384 and
// SHA-512 too (which halves the speed); otherwise only what the manifest asks for, and SHA-256. Not
// thread-safe; the calls to the handler come from the calling thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/stream.h"
#include "ovfkit/package/package_report.h"
#include "ovfkit/package/tar/tar_reader.h"

namespace ovfkit {

struct Envelope;

struct VerifyPolicy {
    // Trust anchors: a PEM file or a folder of them, and those of the system. With either, a
    // package that is unsigned or signed by someone else is a failure.
    std::optional<std::filesystem::path> trust_file;
    bool trust_system = false;
    bool wants_trust() const { return trust_file || trust_system; }
    // Likewise for time-stamping authorities: a signature that one of them saw while the signer's
    // certificate was valid stays trusted after that.
    std::optional<std::filesystem::path> tsa_trust_file;
    // For verbs that make new ones: the signature, or the manifest too, is passed over unread.
    bool ignore_signature = false;
    bool ignore_manifest = false;
    bool require_signature = false;
    // Flaws of form (manifest lines not understood, files not listed, listed files missing, unknown
    // algorithms) become findings. Wrong digests and signatures stay failures.
    bool lax = false;
    // Failures of integrity go to PackageReport::failures instead of being thrown at once: for
    // verbs that say everything that is wrong. A damaged archive is thrown all the same.
    bool collect_failures = false;
    bool any_algorithm = false;
    // A wrong descriptor is the handler's business, who gets an incomplete or empty envelope with
    // it: for verbs that say everything that is wrong with the rest too.
    bool any_descriptor = false;
    TarLimits tar;
    std::uint64_t descriptor_bytes = 16 * base::kMiB;
    std::uint64_t manifest_bytes = 4 * base::kMiB;   // each of .mf and .cert
    std::uint64_t buffered_bytes = 16 * base::kMiB;  // members of a stream before its descriptor
};

class PackageHandler {
  public:
    virtual ~PackageHandler() = default;
    // Called once, before any member. `text` is the descriptor as it stands in the archive.
    virtual void on_descriptor(const std::string& name, const std::string& text,
                               const Envelope& envelope) = 0;
    // The manifest and the certificate as they stand in the archive, when they come by.
    virtual void on_text(const std::string& name, const std::string& text);
    // The signature was checked and fits; with trust in the policy its signer is trusted too. With
    // collect_failures it may be one that does not: see its state.
    virtual void on_signature(const SignatureReport& signature);
    // Every other file but manifest and certificate, in stream order. Null: only hash it. The
    // chunks of a file ("disk.vmdk.000000000", …) come as one file under its own name, `size` as
    // the descriptor says it (0: not said); with wants_chunks() each comes as a member.
    virtual bool wants_chunks() const { return false; }
    virtual std::unique_ptr<base::ByteSink> open_member(const std::string& name,
                                                        std::uint64_t size) = 0;
    // All bytes of the member were written. May throw. An invalid_input or unsupported error of a
    // sink or of close_member is held back until the digest was compared: "does not match the
    // manifest" is the better message for a damaged disk.
    virtual void close_member(const std::string& name, std::unique_ptr<base::ByteSink> sink);
    // For progress bars: bytes of the archive read so far; total 0 when unknown.
    virtual void on_progress(std::uint64_t done, std::uint64_t total);
};

// Throws Error(invalid_input) naming the member when anything does not fit.
PackageReport read_package(base::ByteSource& source, PackageHandler& handler,
                           const VerifyPolicy& policy);

}  // namespace ovfkit
