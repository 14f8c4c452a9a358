// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/source/source_file.h"

#include <vector>

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/http_client.h"
#include "base/http_source.h"
#include "base/interrupt.h"
#include "imagebuilder/saved/saved_images.h"
#include "ovfkit/disk/disk_reader.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kPieceBytes = std::size_t{1} << 20U;

void check_digest(const BaseSource& source, const std::string& found) {
    if (!source.sha256.empty() && found != source.sha256) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("the {} '{}' is another one: its sha256 is {}, the recipe wants {}",
                                to_string(source.kind), source.location, found, source.sha256),
                    "get the right file, or correct 'sha256' in the recipe");
    }
}

void fetch_source(const BaseSource& source, const fs::path& to) {
    const auto body = base::open_http_source(source.location);
    base::AtomicFile file(to);
    base::Digest digest(base::DigestAlgorithm::sha256);
    std::vector<std::byte> buffer(kPieceBytes);
    while (const std::size_t got = body->read(buffer)) {
        base::interrupt().check();
        const auto piece = std::span(buffer).first(got);
        digest.update(piece);
        base::write_all(file.fd(), piece, to.string());
    }
    check_digest(source, digest.finish_hex());
    file.commit();
}

SourceFile get_fetched_source(const BaseSource& source) {
    const fs::path folder = base::cache_dir() / "sources";
    base::make_dirs(folder, 0755);
    const fs::path file = folder / source.sha256;
    const base::FileLock lock(file.string() + ".lock");
    // What is there under the digest's name may have been damaged since.
    if (!fs::exists(file) || base::sha256_of_file(file.string()) != source.sha256) {
        base::in_context(fmt::format("fetching '{}'", source.location),
                         [&] { fetch_source(source, file); });
    }
    return {file, source.sha256};
}

// A VMDK in parts is more than the file that names them.
std::string digest_of_parts(const ovfkit::DiskReader& disk) {
    base::Digest digest(base::DigestAlgorithm::sha256);
    std::vector<std::byte> buffer(kPieceBytes);
    for (const int fd : disk.descriptors()) {
        std::uint64_t at = 0;
        while (const std::size_t got = base::pread_some(fd, buffer, at, disk.name())) {
            base::interrupt().check();
            digest.update(std::span(buffer).first(got));
            at += got;
        }
    }
    return digest.finish_hex();
}

}  // namespace

SourceFile get_source_file(const BaseSource& source, const fs::path& folder) {
    if (base::is_http_url(source.location)) {
        return get_fetched_source(source);
    }
    const fs::path file = source.kind == BaseSource::Kind::saved
                              ? require_saved_image(source.location).disk
                              : (folder / source.location).lexically_normal();
    if (!fs::exists(file) || fs::is_directory(file)) {
        throw Error(
            ErrorKind::not_found,
            fmt::format("there is no {} '{}'", to_string(source.kind), file.string()),
            fmt::format(
                "'{}' in the recipe is a path from the recipe's folder{}", to_string(source.kind),
                source.kind == BaseSource::Kind::tarball || source.kind == BaseSource::Kind::image
                    ? ", or a URL"
                    : ""));
    }
    const bool has_parts = source.kind == BaseSource::Kind::disk ||
                           source.kind == BaseSource::Kind::image ||
                           source.kind == BaseSource::Kind::saved;
    SourceFile found{file, has_parts ? digest_of_parts(*ovfkit::open_disk(file.string()))
                                     : base::sha256_of_file(file.string())};
    check_digest(source, found.sha256);
    return found;
}

}  // namespace imagebuilder
