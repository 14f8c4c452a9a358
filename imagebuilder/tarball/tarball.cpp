// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tarball/tarball.h"

#include <fcntl.h>
#include <array>
#include <csignal>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/tree/layers.h"

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

}  // namespace

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
    base::Command pack = compression(pipe.read_end.get(), out.get());
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
