// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/package_writer.h"

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit {

// What a member's data are written to: into the package and into the digest.
class PackageWriter::HashingSink : public base::ByteSink {
  public:
    HashingSink(MemberOutput& output, base::DigestAlgorithm algorithm)
        : output_(output), digest_(algorithm) {}
    void write(std::span<const std::byte> data) override {
        output_.write(data);
        digest_.update(data);
    }
    std::string finish_hex() { return digest_.finish_hex(); }

  private:
    MemberOutput& output_;
    base::Digest digest_;
};

PackageWriter::PackageWriter(base::ByteSink& sink, PackageWriterOptions options)
    : PackageWriter(std::make_unique<TarWriter>(sink, options.mtime), options) {
}

PackageWriter::PackageWriter(int seekable_fd, std::string name, PackageWriterOptions options)
    : PackageWriter(std::make_unique<TarWriter>(seekable_fd, std::move(name), options.mtime),
                    options) {
}

PackageWriter::PackageWriter(std::unique_ptr<MemberOutput> output, PackageWriterOptions options)
    : output_(std::move(output)), options_(options) {
}

PackageWriter::~PackageWriter() = default;

void PackageWriter::note_descriptor(const std::string& name) {
    if (base_name_.empty() && has_extension(name, ".ovf")) {
        base_name_ = name.substr(0, name.size() - 4);
    }
}

base::ByteSink& PackageWriter::begin_member(const std::string& name,
                                            std::optional<std::uint64_t> size) {
    if (normalized_member_name(name, "package") != name || manifest_.find(name) != nullptr) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("the file name '{}' cannot be used in the package", name),
                          "every file needs a plain name of its own");
    }
    note_descriptor(name);
    output_->begin_member(name, size);
    member_name_ = name;
    member_start_ = output_->position();
    member_ = std::make_unique<HashingSink>(*output_, options_.digest);
    return *member_;
}

std::uint64_t PackageWriter::end_member() {
    const std::uint64_t written = output_->position() - member_start_;
    output_->end_member();
    manifest_.entries.push_back({member_name_, options_.digest, member_->finish_hex()});
    member_.reset();
    return written;
}

std::uint64_t PackageWriter::write_member(const std::string& name,
                                          std::optional<std::uint64_t> size, const Fill& fill) {
    fill(begin_member(name, size));
    return end_member();
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
        offset = output_->position();
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
    output_->patch(reserved_->offset, padded);
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
    output_->begin_member(name, text.size());
    output_->write(base::as_bytes(text));
    output_->end_member();
}

void PackageWriter::finish(const PackageSigner* signer) {
    finish_with({base_name_ + ".mf", format_manifest(manifest_)}, signer);
}

void PackageWriter::finish_with(const PackageText& manifest, const PackageSigner* signer) {
    if (base_name_.empty() || reserved_ || manifest.name != base_name_ + ".mf") {
        base::unreachable("finishing a package without its descriptor");
    }
    put_unlisted(manifest.name, manifest.text);
    if (signer != nullptr) {
        put_unlisted(base_name_ + ".cert", sign_manifest(manifest.text, manifest.name, *signer));
    }
    output_->finish();
}

}  // namespace ovfkit
