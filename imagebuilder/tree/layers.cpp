// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/layers.h"

#include <csignal>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/tree/sandbox.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

// A bootstrap brings nodes that only root may make; the kernel makes them at boot.
constexpr const char* kNoDevices = "--exclude=./dev/*";

std::vector<std::string> tar_create(const fs::path& tree) {
    return {"tar",
            "-C",
            tree.string(),
            "--create",
            "--one-file-system",
            "--sort=name",
            "--numeric-owner",
            "--format=pax",
            "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime",
            "--xattrs",
            "--xattrs-include=*",
            "--anchored",
            kNoDevices,
            "--file=-",
            "."};
}

base::Process start_tar(const fs::path& tree, int output_fd) {
    base::Command command = command_as_owner(tar_create(tree));
    command.stdout_fd = output_fd;
    return base::Process(command);
}

}  // namespace

fs::path layer_path(const std::string& key) {
    const fs::path folder = base::cache_dir() / "layers";
    base::make_dirs(folder, 0755);
    return folder / (key + ".tar.zst");
}

bool has_layer(const std::string& key) {
    return fs::exists(layer_path(key));
}

void unpack_layer(const fs::path& tar, const fs::path& tree) {
    base::Command command =
        command_as_owner({"tar", "-C", tree.string(), "--zstd", "--extract",
                          "--preserve-permissions", "--numeric-owner", "--same-owner", "--xattrs",
                          "--xattrs-include=*", "--anchored", kNoDevices, "--file=-"});
    const base::UniqueFd fd = base::open_regular(tar.string());
    command.stdin_fd = fd.get();
    base::in_context(fmt::format("unpacking '{}'", tar.filename().string()),
                     [&] { base::run_checked(command); });
}

void store_layer(const fs::path& tree, const std::string& key) {
    base::AtomicFile file(layer_path(key));
    TreeStream stream(tree);
    base::Command zstd;
    zstd.argv = {"zstd", "-q", "-1", "-T0", "-c"};
    zstd.stdin_fd = stream.fd();
    zstd.stdout_fd = file.fd();
    zstd.timeout = std::chrono::minutes(30);
    base::run_checked(zstd);
    stream.finish();
    file.commit();
}

TreeStream::TreeStream(const fs::path& tree)
    : pipe_(base::make_pipe()), process_(start_tar(tree, pipe_.write_end.get())) {
    pipe_.write_end.reset();
}

void TreeStream::finish() {
    pipe_.read_end.reset();
    const std::optional<int> status = process_.wait(std::chrono::minutes(1));
    if (status != 0) {
        throw base::Error(base::ErrorKind::external,
                          fmt::format("tar of the image's tree {}",
                                      base::describe_status(status.value_or(128 + SIGKILL))));
    }
}

}  // namespace imagebuilder
