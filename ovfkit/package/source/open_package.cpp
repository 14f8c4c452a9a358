// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/source/open_package.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "base/http_access.h"
#include "base/http_client.h"
#include "ovfkit/package/source/filter/unpacker.h"
#include "ovfkit/package/source/folder_source.h"
#include "ovfkit/package/source/http_folder_source.h"
#include "ovfkit/package/source/peeked_source.h"
#include "ovfkit/package/source/spooled_source.h"
#include "ovfkit/package/source/zip_source.h"
#include "ovfkit/package/tar/member_name.h"
#include "ovfkit/package/tar/tar_header.h"

namespace ovfkit {

namespace {

namespace fs = std::filesystem;

// UTF-8 or UTF-16, with or without a byte-order mark: the first real character is '<'.
bool looks_like_xml(std::string_view start) {
    const std::size_t at =
        start.find_first_not_of(std::string_view("\xef\xbb\xbf\xff\xfe\0 \t\r\n", 10));
    return at != std::string_view::npos && start[at] == '<';
}

// The only descriptor of a folder.
std::string require_descriptor_in(const std::string& folder) {
    std::vector<std::string> found;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (has_extension(name, ".ovf") && !is_archiver_litter(name)) {
            found.push_back(name);
        }
    }
    std::sort(found.begin(), found.end());
    if (found.empty()) {
        throw base::Error(
            base::ErrorKind::invalid_input,
            fmt::format("the folder '{}' holds no descriptor (a file named .ovf)", folder),
            "give the folder of an OVF package, its .ovf file, or an .ova");
    }
    if (found.size() > 1) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("the folder '{}' holds {} descriptors, '{}' and '{}'", folder,
                                      found.size(), found[0], found[1]),
                          "give the .ovf file that you mean");
    }
    return (fs::path(folder) / found.front()).string();
}

bool is_folder(const std::string& location) {
    std::error_code ignored;
    return fs::is_directory(location, ignored);
}

bool is_path(const std::string& location) {
    return location != "-" && !base::is_http_url(location);
}

}  // namespace

PackageForm find_package_form(std::span<const std::byte> start) {
    using namespace std::string_view_literals;
    const std::string_view text = base::as_text(start);
    if (text.starts_with("\x1f\x8b"sv)) {
        return PackageForm::gzip;
    }
    if (text.starts_with("\xfd"
                         "7zXZ\0"sv)) {
        return PackageForm::xz;
    }
    if (text.starts_with("\x28\xb5\x2f\xfd"sv)) {
        return PackageForm::zstd;
    }
    if (text.starts_with("PK\x03\x04"sv)) {
        return PackageForm::zip;
    }
    if (start.size() >= kTarBlock && checksum_fits(start.first(kTarBlock))) {
        return PackageForm::tar;
    }
    return looks_like_xml(text) ? PackageForm::xml : PackageForm::unknown;
}

namespace {

// To read a zip archive in: as a file, by parts from a server that sends such, else kept first.
std::unique_ptr<base::RandomAccess> access_to(std::unique_ptr<base::ByteSource> source,
                                              const std::string& start) {
    if (source->seekable_fd() >= 0) {
        return std::make_unique<base::FileAccess>(std::move(source));
    }
    auto* http = dynamic_cast<base::HttpByteSource*>(source.get());
    if (http != nullptr && http->takes_ranges()) {
        source.release();
        return std::make_unique<base::HttpAccess>(std::unique_ptr<base::HttpByteSource>(http),
                                                  start.size());
    }
    PeekedSource whole(*source, start);
    return std::make_unique<base::FileAccess>(spooled(whole));
}

// `start`: the first bytes, which are gone from a source that is no file.
std::unique_ptr<base::ByteSource> unpacked_from(std::unique_ptr<base::ByteSource> source,
                                                const std::string& start) {
    if (find_package_form(base::as_bytes(start)) == PackageForm::zip) {
        return make_zip_source(access_to(std::move(source), start));
    }
    if (source->seekable_fd() < 0) {
        source = std::make_unique<PeekedSource>(std::move(source), start);
    }
    switch (find_package_form(base::as_bytes(start))) {
        case PackageForm::gzip:
            return std::make_unique<UnpackingSource>(std::move(source), make_gzip_unpacker());
        case PackageForm::xz:
            return std::make_unique<UnpackingSource>(std::move(source), make_xz_unpacker());
        case PackageForm::zstd:
            return std::make_unique<UnpackingSource>(std::move(source), make_zstd_unpacker());
        default: return source;  // what is no package is told by the reader
    }
}

}  // namespace

std::unique_ptr<base::ByteSource> unpacked_source(std::unique_ptr<base::ByteSource> source) {
    const std::string start = peek_at(*source, kTarBlock);
    return unpacked_from(std::move(source), start);
}

std::optional<std::string> find_folder_descriptor(const std::string& location) {
    if (!is_path(location)) {
        return std::nullopt;
    }
    if (is_folder(location)) {
        return require_descriptor_in(location);
    }
    const auto source = base::open_source(location);
    const std::string start = peek_at(*source, kTarBlock);
    const bool xml = find_package_form(base::as_bytes(start)) == PackageForm::xml;
    return xml && has_extension(location, ".ovf") ? std::optional(location) : std::nullopt;
}

std::unique_ptr<base::ByteSource> open_package(const std::string& location,
                                               const OpenOptions& options) {
    const bool folder = is_path(location) && is_folder(location);
    if (folder || !options.bare_descriptor) {
        if (const std::optional<std::string> descriptor = find_folder_descriptor(location)) {
            return std::make_unique<FolderSource>(*descriptor, location);
        }
    }
    if (!options.bare_descriptor && is_descriptor_url(location)) {
        auto source = base::open_http_source(location);
        const std::string start = peek_at(*source, kTarBlock);
        if (find_package_form(base::as_bytes(start)) == PackageForm::xml) {
            return std::make_unique<HttpFolderSource>(std::move(source), start);
        }
        return unpacked_from(std::move(source), start);
    }
    return unpacked_source(base::open_source(location));
}

}  // namespace ovfkit
