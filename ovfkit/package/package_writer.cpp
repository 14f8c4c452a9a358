// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/package_writer.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/package/source/filter/gzip_packer.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit {

// What a member's data are written to: into the package and into the digest, chunk by chunk.
class PackageWriter::MemberSink : public base::ByteSink {
  public:
    MemberSink(PackageWriter& writer, std::string name, std::optional<std::uint64_t> size,
               std::uint64_t chunk_bytes)
        : writer_(writer), name_(std::move(name)), size_(size), chunk_bytes_(chunk_bytes) {
        begin_part();
    }

    void write(std::span<const std::byte> data) override {
        while (!data.empty()) {
            if (chunk_bytes_ != 0 && in_part_ == chunk_bytes_) {
                end_part();
                begin_part();
            }
            const std::size_t count =
                chunk_bytes_ == 0 ? data.size()
                                  : std::min<std::uint64_t>(data.size(), chunk_bytes_ - in_part_);
            writer_.output_->write(data.first(count));
            digest_->update(data.first(count));
            in_part_ += count;
            written_ += count;
            data = data.subspan(count);
        }
    }

    // Returns the size of the whole member.
    std::uint64_t finish() {
        end_part();
        if (size_ && written_ != *size_) {
            throw base::Error(base::ErrorKind::internal,
                              fmt::format("member '{}' has {} bytes, but {} were announced", name_,
                                          written_, *size_));
        }
        return written_;
    }

  private:
    std::string part_name() const {
        return chunk_bytes_ == 0 ? name_ : fmt::format("{}.{:09}", name_, parts_);
    }
    void begin_part() {
        std::optional<std::uint64_t> part_size = size_;
        if (size_ && chunk_bytes_ != 0) {
            part_size = std::min(chunk_bytes_, *size_ - std::min(written_, *size_));
        }
        writer_.output_->begin_member(part_name(), part_size);
        digest_.emplace(writer_.options_.digest);
        in_part_ = 0;
    }
    void end_part() {
        writer_.output_->end_member();
        writer_.manifest_.entries.push_back(
            {part_name(), writer_.options_.digest, digest_->finish_hex()});
        ++parts_;
    }

    PackageWriter& writer_;
    std::string name_;
    std::optional<std::uint64_t> size_;
    std::uint64_t chunk_bytes_;
    std::optional<base::Digest> digest_;
    std::uint64_t in_part_ = 0;
    std::uint64_t written_ = 0;
    std::uint64_t parts_ = 0;
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

void PackageWriter::require_new_name(const std::string& name) const {
    if (normalized_member_name(name, "package") != name || manifest_.find(name) != nullptr) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("the file name '{}' cannot be used in the package", name),
                          "every file needs a plain name of its own");
    }
}

base::ByteSink& PackageWriter::begin(const std::string& name, std::optional<std::uint64_t> size,
                                     std::uint64_t chunk_bytes) {
    require_new_name(name);
    note_descriptor(name);
    member_ = std::make_unique<MemberSink>(*this, name, size, chunk_bytes);
    return *member_;
}

base::ByteSink& PackageWriter::begin_member(const std::string& name,
                                            std::optional<std::uint64_t> size) {
    return begin(name, size, options_.chunk_bytes);
}

std::uint64_t PackageWriter::end_member() {
    const std::uint64_t written = member_->finish();
    member_.reset();
    return written;
}

void PackageWriter::add_text(const std::string& name, std::string_view text) {
    begin(name, text.size(), 0).write(base::as_bytes(text));
    end_member();
}

void PackageWriter::reserve_text(const std::string& name, std::uint64_t bytes) {
    if (!seekable() || reserved_) {
        base::unreachable("reserving twice, or in a pipe");
    }
    base::ByteSink& sink = begin(name, bytes, 0);
    const std::uint64_t offset = output_->position();
    sink.write(base::as_bytes(std::string(bytes, '\n')));
    end_member();
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
    fill(begin_member(name, size));
    end_member();
}

std::uint64_t PackageWriter::add_member(const std::string& name, const Fill& fill) {
    fill(begin_member(name, std::nullopt));
    return end_member();
}

std::uint64_t PackageWriter::add_gzip_member(const std::string& name, const Fill& fill) {
    const auto packer = make_gzip_packer(begin_member(name, std::nullopt));
    fill(*packer);
    packer->finish();
    return end_member();
}

void PackageWriter::put_unlisted(const std::string& name, std::string_view text) {
    output_->begin_member(name, text.size());
    output_->write(base::as_bytes(text));
    output_->end_member();
}

PackageText PackageWriter::manifest_text() const {
    return {base_name_ + ".mf", format_manifest(manifest_)};
}

void PackageWriter::finish(const PackageSigner* signer) {
    const PackageText manifest = manifest_text();
    if (signer == nullptr) {
        finish_with(manifest, nullptr);
        return;
    }
    const PackageText certificate{base_name_ + ".cert",
                                  sign_manifest(manifest.text, manifest.name, *signer)};
    finish_with(manifest, &certificate);
}

void PackageWriter::finish_with(const PackageText& manifest, const PackageText* certificate) {
    if (base_name_.empty() || reserved_) {
        base::unreachable("finishing a package without its descriptor");
    }
    put_unlisted(manifest.name, manifest.text);
    if (certificate != nullptr) {
        put_unlisted(certificate->name, certificate->text);
    }
    output_->finish();
}

}  // namespace ovfkit
