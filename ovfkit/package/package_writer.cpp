// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/package_writer.h"

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit {

namespace {

// What a Fill writes to: into the archive and into the digest.
class HashingSink : public base::ByteSink {
  public:
    HashingSink(TarWriter& tar, base::DigestAlgorithm algorithm) : tar_(tar), digest_(algorithm) {}
    void write(std::span<const std::byte> data) override {
        tar_.write(data);
        digest_.update(data);
    }
    std::string finish_hex() { return digest_.finish_hex(); }

  private:
    TarWriter& tar_;
    base::Digest digest_;
};

}  // namespace

PackageWriter::PackageWriter(base::ByteSink& sink, PackageWriterOptions options)
    : tar_(sink, options.mtime), options_(options) {
}

PackageWriter::PackageWriter(int seekable_fd, std::string name, PackageWriterOptions options)
    : tar_(seekable_fd, std::move(name), options.mtime), options_(options) {
}

void PackageWriter::note_descriptor(const std::string& name) {
    if (base_name_.empty() && has_extension(name, ".ovf")) {
        base_name_ = name.substr(0, name.size() - 4);
    }
}

std::uint64_t PackageWriter::write_member(const std::string& name,
                                          std::optional<std::uint64_t> size, const Fill& fill) {
    if (normalized_member_name(name, "package") != name || manifest_.find(name) != nullptr) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("the file name '{}' cannot be used in the package", name),
                          "every file needs a plain name of its own");
    }
    note_descriptor(name);
    tar_.begin_member(name, size);
    const std::uint64_t start = tar_.position();
    HashingSink sink(tar_, options_.digest);
    fill(sink);
    const std::uint64_t written = tar_.position() - start;
    tar_.end_member();
    manifest_.entries.push_back({name, options_.digest, sink.finish_hex()});
    return written;
}

void PackageWriter::add_text(const std::string& name, std::string_view text) {
    write_member(name, text.size(),
                 [&](base::ByteSink& sink) { sink.write(base::as_bytes(text)); });
}

void PackageWriter::reserve_text(const std::string& name, std::uint64_t bytes) {
    if (!seekable() || reserved_) {
        base::unreachable("reserving twice, or in a pipe");
    }
    std::uint64_t offset = 0;
    write_member(name, bytes, [&](base::ByteSink& sink) {
        offset = tar_.position();
        sink.write(base::as_bytes(std::string(bytes, '\n')));
    });
    reserved_ = Reserved{manifest_.entries.size() - 1, offset, bytes};
}

void PackageWriter::fill_reserved(std::string_view text) {
    if (!reserved_) {
        base::unreachable("filling what was not reserved");
    }
    ManifestEntry& entry = manifest_.entries.at(reserved_->entry);
    if (text.size() > reserved_->bytes) {
        throw base::Error(base::ErrorKind::internal,
                          fmt::format("'{}' needs {} bytes, but {} were reserved", entry.file,
                                      text.size(), reserved_->bytes));
    }
    std::string padded(text);
    padded.resize(reserved_->bytes, '\n');
    tar_.patch(reserved_->offset, padded);
    entry.digest = base::digest_hex(options_.digest, padded);
    reserved_.reset();
}

void PackageWriter::add_member(const std::string& name, std::uint64_t size, const Fill& fill) {
    write_member(name, size, fill);
}

std::uint64_t PackageWriter::add_member(const std::string& name, const Fill& fill) {
    return write_member(name, std::nullopt, fill);
}

void PackageWriter::put_unlisted(const std::string& name, std::string_view text) {
    tar_.begin_member(name, text.size());
    tar_.write(base::as_bytes(text));
    tar_.end_member();
}

void PackageWriter::finish(const PackageSigner* signer) {
    if (base_name_.empty() || reserved_) {
        base::unreachable("finishing a package without its descriptor");
    }
    const std::string manifest = format_manifest(manifest_);
    const std::string manifest_name = base_name_ + ".mf";
    put_unlisted(manifest_name, manifest);
    if (signer != nullptr) {
        put_unlisted(base_name_ + ".cert", sign_manifest(manifest, manifest_name, *signer));
    }
    tar_.finish();
}

}  // namespace ovfkit
