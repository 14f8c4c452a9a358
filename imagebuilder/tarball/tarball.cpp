// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tarball/tarball.h"

#include <fcntl.h>
#include <array>
#include <csignal>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/http_source.h"
#include "base/interrupt.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;
using namespace std::string_view_literals;  // NOLINT: marks have zeros in them

struct Packing {
    std::string_view mark;  // the first bytes
    const char* program;
};

constexpr std::array kPackings{Packing{"\x1f\x8b"sv, "gzip"},
                               Packing{"\xfd"
                                       "7zXZ\0"sv,
                                       "xz"},
                               Packing{"\x28\xb5\x2f\xfd"sv, "zstd"}};

Error wrong_digest(const std::string& name, const std::string& wanted, const std::string& found) {
    return {ErrorKind::invalid_input,
            fmt::format("the tarball '{}' is another one: its sha256 is {}, the recipe wants {}",
                        name, found, wanted),
            "get the right file, or correct 'sha256' in the recipe"};
}

void download(const TarballSource& source, const fs::path& to) {
    const auto body = base::open_http_source(source.location);
    base::AtomicFile file(to);
    base::Digest digest(base::DigestAlgorithm::sha256);
    std::vector<std::byte> buffer(std::size_t{1} << 20U);
    while (const std::size_t got = body->read(buffer)) {
        base::interrupt().check();
        const auto piece = std::span(buffer).first(got);
        digest.update(piece);
        base::write_all(file.fd(), piece, to.string());
    }
    const std::string found = digest.finish_hex();
    if (found != source.sha256) {
        throw wrong_digest(source.location, source.sha256, found);
    }
    file.commit();
}

// What is there under the digest's name may have been damaged since.
Tarball fetch(const TarballSource& source) {
    const fs::path folder = base::cache_dir() / "tarballs";
    base::make_dirs(folder, 0755);
    const fs::path file = folder / source.sha256;
    const base::FileLock lock(file.string() + ".lock");
    if (!fs::exists(file) || base::sha256_of_file(file.string()) != source.sha256) {
        base::in_context(fmt::format("fetching '{}'", source.location),
                         [&] { download(source, file); });
    }
    return {file, source.location, source.sha256};
}

}  // namespace

Tarball get_tarball(const TarballSource& source, const fs::path& folder) {
    if (is_url(source)) {
        return fetch(source);
    }
    const fs::path file = (folder / source.location).lexically_normal();
    if (!fs::is_regular_file(file)) {
        throw Error(ErrorKind::not_found, fmt::format("there is no tarball '{}'", file.string()),
                    "'tarball' in the recipe is a path from the recipe's folder, or a URL");
    }
    Tarball tarball{file, source.location, base::sha256_of_file(file.string())};
    if (!source.sha256.empty() && tarball.sha256 != source.sha256) {
        throw wrong_digest(source.location, source.sha256, tarball.sha256);
    }
    return tarball;
}

void recompress_tarball(const Tarball& tarball, const fs::path& tar_zst) {
    const base::UniqueFd in = base::open_file(tarball.file.string(), O_RDONLY);
    std::array<std::byte, 8> head{};
    const std::size_t got = base::pread_some(in.get(), head, 0, tarball.name);
    const std::string_view mark = base::as_text(std::span(head).first(got));
    base::Command unpack;
    unpack.argv = {"cat"};
    for (const Packing& packing : kPackings) {
        if (mark.starts_with(packing.mark)) {
            unpack.argv = {packing.program, "-dc"};
        }
    }
    base::Pipe pipe = base::make_pipe();
    unpack.stdin_fd = in.get();
    unpack.stdout_fd = pipe.write_end.get();
    base::Process unpacking(unpack);
    pipe.write_end.reset();
    const base::UniqueFd out =
        base::open_file(tar_zst.string(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    base::Command pack;
    pack.argv = {"zstd", "-q", "-1", "-T0", "-c"};
    pack.stdin_fd = pipe.read_end.get();
    pack.stdout_fd = out.get();
    pack.timeout = std::chrono::minutes(30);
    base::run_checked(pack);
    pipe.read_end.reset();
    const std::optional<int> status = unpacking.wait(std::chrono::minutes(1));
    if (status != 0) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("the tarball '{}' cannot be unpacked: {} {}", tarball.name,
                                unpack.argv.front(),
                                base::describe_status(status.value_or(128 + SIGKILL))));
    }
}

}  // namespace imagebuilder
