// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/source/spooled_source.h"

#include <fcntl.h>
#include <unistd.h>
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit {

namespace {

std::string spool_folder() {
    const char* named = std::getenv("TMPDIR");
    return named != nullptr && *named != '\0' ? named : "/tmp";
}

// Some file systems have no files without names.
base::UniqueFd nameless_file(const std::string& folder) {
    base::UniqueFd fd(::open(folder.c_str(), O_RDWR | O_TMPFILE | O_EXCL | O_CLOEXEC, 0600));
    if (!fd) {
        const base::TempDir dir(folder);
        fd = base::open_file((dir.path() / "spool").string(), O_RDWR | O_CREAT | O_EXCL, 0600);
    }
    return fd;
}

}  // namespace

std::unique_ptr<base::ByteSource> spooled(base::ByteSource& stream, std::uint64_t limit) {
    const std::string folder = spool_folder();
    base::log(base::LogLevel::info, "package", "{} cannot be read as a stream: keeping it in '{}'",
              quoted_source(stream.name()), folder);
    base::UniqueFd fd = nameless_file(folder);
    std::vector<std::byte> buffer(base::kMiB);
    std::uint64_t written = 0;
    while (const std::size_t got = stream.read(buffer)) {
        base::interrupt().check();
        written += got;
        if (written > limit) {
            throw base::Error(
                base::ErrorKind::unsupported,
                fmt::format("{} is larger than {}, too much to keep on the way",
                            quoted_source(stream.name()), base::format_byte_size(limit)),
                "save it to a file and give the file");
        }
        base::in_context(
            fmt::format("keeping {} in '{}'", quoted_source(stream.name()), folder),
            [&] { base::write_all(fd.get(), std::span(buffer).first(got), "a temporary file"); });
    }
    if (::lseek(fd.get(), 0, SEEK_SET) != 0) {
        throw base::SystemError(errno, fmt::format("cannot seek in '{}'", folder));
    }
    return std::make_unique<base::FdSource>(std::move(fd), stream.name());
}

}  // namespace ovfkit
