// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/install/iso_files.h"

#include <unistd.h>
#include <memory>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/file.h"
#include "base/letter_case.h"
#include "base/printable.h"
#include "base/sandbox/sandbox.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kPieceOfIso = std::size_t{1} << 18U;
constexpr std::size_t kMostNamesBeside = 20;

// The child may read at a place and nothing else: no seeking.
struct IsoSource {
    int fd = -1;
    std::int64_t at = 0;
    std::vector<std::byte> buffer = std::vector<std::byte>(kPieceOfIso);
};

la_ssize_t read_piece(archive*, void* data, const void** buffer) {
    auto* source = static_cast<IsoSource*>(data);
    const ssize_t got =
        ::pread(source->fd, source->buffer.data(), source->buffer.size(), source->at);
    if (got > 0) {
        source->at += got;
    }
    *buffer = source->buffer.data();
    return got;
}

la_int64_t skip_bytes(archive*, void* data, la_int64_t bytes) {
    static_cast<IsoSource*>(data)->at += bytes;
    return bytes;
}

struct FreeArchive {
    void operator()(archive* reader) const { archive_read_free(reader); }
};
using ArchiveReader = std::unique_ptr<archive, FreeArchive>;

[[noreturn]] void fail_reading(archive* reader, const std::string& name) {
    const char* text = archive_error_string(reader);
    throw Error(ErrorKind::invalid_input,
                fmt::format("'{}' cannot be read as a CD: {}", name,
                            base::printable_line(text != nullptr ? text : "it is none")));
}

ArchiveReader open_iso(IsoSource& source, const std::string& name) {
    ArchiveReader reader(archive_read_new());
    if (reader == nullptr) {
        throw std::bad_alloc();
    }
    archive_read_support_format_iso9660(reader.get());
    archive_read_set_read_callback(reader.get(), read_piece);
    archive_read_set_skip_callback(reader.get(), skip_bytes);
    archive_read_set_callback_data(reader.get(), &source);
    if (archive_read_open1(reader.get()) != ARCHIVE_OK) {
        fail_reading(reader.get(), name);
    }
    return reader;
}

std::string read_entry(archive* reader, archive_entry* entry, const std::string& name) {
    const auto size = static_cast<std::uint64_t>(archive_entry_size(entry));
    if (size > kLargestIsoFile) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("a file of '{}' to boot from is larger than {}", name,
                                base::format_byte_size(kLargestIsoFile)));
    }
    std::string content(size, '\0');
    std::size_t filled = 0;
    while (filled < content.size()) {
        const la_ssize_t got =
            archive_read_data(reader, content.data() + filled, content.size() - filled);
        if (got < 0) {
            fail_reading(reader, name);
        }
        if (got == 0) {
            break;
        }
        filled += static_cast<std::size_t>(got);
    }
    content.resize(filled);
    return content;
}

// "/Install.amd/vmlinuz" → "install.amd/vmlinuz".
std::string plain_iso_path(const char* path) {
    std::string plain = base::to_lower(path != nullptr ? path : "");
    return plain.substr(std::min(plain.find_first_not_of("./"), plain.size()));
}

std::string find_in_iso(int fd, const std::string& name, const std::string& path) {
    IsoSource source{fd};
    const ArchiveReader reader = open_iso(source, name);
    const std::string wanted = plain_iso_path(path.c_str());
    const std::string folder = wanted.substr(0, wanted.rfind('/') + 1);
    std::string beside;
    std::size_t names = 0;
    archive_entry* entry = nullptr;
    for (int status = 0;
         (status = archive_read_next_header(reader.get(), &entry)) != ARCHIVE_EOF;) {
        if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
            fail_reading(reader.get(), name);
        }
        if (archive_entry_filetype(entry) != AE_IFREG) {
            continue;
        }
        const std::string found = plain_iso_path(archive_entry_pathname(entry));
        if (found == wanted) {
            return read_entry(reader.get(), entry, name);
        }
        if (found.starts_with(folder) && names++ < kMostNamesBeside) {
            beside += (beside.empty() ? "/" : ", /") + base::printable_line(found);
        }
    }
    throw Error(ErrorKind::not_found, fmt::format("'{}' holds no '{}'", name, path),
                beside.empty()
                    ? "say where kernel and initrd are: 'install: { kernel: …, initrd: … }'"
                    : "it holds " + beside);
}

}  // namespace

std::string read_iso_file(const fs::path& iso, const std::string& path) {
    const base::UniqueFd fd = base::open_regular(iso.string());
    const std::string name = iso.filename().string();
    base::SandboxLimits limits;
    limits.memory_bytes = kLargestIsoFile * 4;
    limits.result_bytes = kLargestIsoFile + base::kMiB;
    limits.cpu = std::chrono::minutes(5);
    limits.wall = std::chrono::minutes(20);
    return base::run_sandboxed(fmt::format("reading '{}'", name),
                               [&] { return find_in_iso(fd.get(), name, path); }, limits,
                               {{fd.get()}});
}

}  // namespace imagebuilder
