// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/layers.h"

#include <sys/syscall.h>
#include <unistd.h>
#include <csignal>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/tree/sandbox.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

// A bootstrap brings nodes that only root may make; the kernel makes them at boot.
constexpr const char* kNoDevices = "--exclude=./dev/*";
constexpr std::uint64_t kLargestList = std::uint64_t{1} << 30U;

// Extended attributes of folders that a step took away would stay: tar sets what it has and leaves
// the rest. Paths come on standard input; $1 and $2 are the numbers of the system calls.
constexpr const char* kStripFolders = R"perl(
my ($list, $remove) = (0 + $ARGV[0], 0 + $ARGV[1]);
$/ = "\0";
while (my $path = <STDIN>) {
    chomp $path;
    my $names = "\0" x 65536;
    my $size = syscall($list, $path, $names, 65536);
    next if $size <= 0;
    for my $name (split /\0/, substr($names, 0, $size)) {
        my ($file, $attribute) = ($path, $name);
        syscall($remove, $file, $attribute);
    }
}
)perl";

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
            "--file=-"};
}

std::string joined_by_nul(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += word;
        text += '\0';
    }
    return text;
}

base::Process start_tar(const fs::path& tree, int output_fd) {
    std::vector<std::string> argv = tar_create(tree);
    argv.emplace_back(".");
    base::Command command = command_as_owner(argv);
    command.stdout_fd = output_fd;
    return base::Process(command);
}

base::Process start_tar_of(const fs::path& tree, const std::vector<std::string>& paths,
                           int output_fd) {
    std::vector<std::string> argv = tar_create(tree);
    argv.insert(argv.end(), {"--no-recursion", "--null", "--verbatim-files-from", "-T", "-"});
    const base::UniqueFd list = base::open_nameless(fs::temp_directory_path());
    base::write_all(list.get(), joined_by_nul(paths), "the list of changed files");
    ::lseek(list.get(), 0, SEEK_SET);
    base::Command command = command_as_owner(argv);
    command.stdin_fd = list.get();
    command.stdout_fd = output_fd;
    return base::Process(command);
}

// Not synced: what is cut by a power failure has another size than its record says.
void compress(TreeStream& stream, const fs::path& tar) {
    base::AtomicFile file(tar);
    base::Command zstd = compression(stream.fd(), file.fd());
    zstd.timeout = std::chrono::minutes(30);
    base::run_checked(zstd);
    stream.finish();
    file.commit_unsynced();
}

// What is in a file of removed paths: "-PATH" for what goes, "=PATH" for a folder that stays.
std::string paths_with(char sign, std::string_view text) {
    std::string paths;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\0'), text.size());
        if (end > 0 && text.front() == sign) {
            paths.append(text.substr(1, end - 1));
            paths += '\0';
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return paths;
}

void run_with_paths(const fs::path& tree, const std::vector<std::string>& argv,
                    const std::string& paths) {
    if (paths.empty()) {
        return;
    }
    base::Command command = command_as_owner(argv);
    command.cwd = tree;
    command.stdin_data = paths;
    base::run_checked(command);
}

}  // namespace

base::Command compression(int tar_fd, int packed_fd) {
    base::Command zstd;
    zstd.argv = {"zstd", "-q", "-1", "-T0", "-c"};
    zstd.stdin_fd = tar_fd;
    zstd.stdout_fd = packed_fd;
    return zstd;
}

void pack_tree(const fs::path& tree, const fs::path& tar) {
    TreeStream stream(tree);
    compress(stream, tar);
}

void unpack_tree(const fs::path& tar, const fs::path& tree) {
    base::Command command =
        command_as_owner({"tar", "-C", tree.string(), "--zstd", "--extract",
                          "--preserve-permissions", "--numeric-owner", "--same-owner", "--xattrs",
                          "--xattrs-include=*", "--xattrs-exclude=trusted.SGI_*", "--anchored",
                          kNoDevices, "--exclude=dev/*", "--file=-"});
    const base::UniqueFd fd = base::open_regular(tar.string());
    command.stdin_fd = fd.get();
    base::in_context(fmt::format("unpacking '{}'", tar.filename().string()),
                     [&] { base::run_checked(command); });
}

std::uint64_t pack_difference(const fs::path& tree, const TreeDifference& difference,
                              const DifferenceFiles& files) {
    std::uint64_t bytes = 0;
    base::remove_all(files.tar);
    base::remove_all(files.removed);
    std::string removed;
    for (const auto& [sign, paths] :
         {std::pair{'-', &difference.removed}, std::pair{'=', &difference.folders}}) {
        for (const std::string& path : *paths) {
            removed += sign + path;
            removed += '\0';
        }
    }
    if (!removed.empty()) {
        base::AtomicFile file(files.removed);
        base::write_all(file.fd(), removed, files.removed.string());
        file.commit_unsynced();
        bytes += removed.size();
    }
    if (!difference.stored.empty()) {
        TreeStream stream(tree, difference.stored);
        compress(stream, files.tar);
        bytes += base::file_size(files.tar);
    }
    return bytes;
}

void apply_difference(const DifferenceFiles& files, const fs::path& tree) {
    if (fs::exists(files.removed)) {
        const std::string text = base::read_file(files.removed, kLargestList);
        run_with_paths(tree, {"xargs", "-0", "rm", "-rf", "--one-file-system", "--"},
                       paths_with('-', text));
        run_with_paths(tree,
                       {"perl", "-e", kStripFolders, std::to_string(SYS_llistxattr),
                        std::to_string(SYS_lremovexattr)},
                       paths_with('=', text));
    }
    if (fs::exists(files.tar)) {
        unpack_tree(files.tar, tree);
    }
}

TreeStream::TreeStream(const fs::path& tree)
    : pipe_(base::make_pipe()), process_(start_tar(tree, pipe_.write_end.get())) {
    pipe_.write_end.reset();
}

TreeStream::TreeStream(const fs::path& tree, const std::vector<std::string>& paths)
    : pipe_(base::make_pipe()), process_(start_tar_of(tree, paths, pipe_.write_end.get())) {
    pipe_.write_end.reset();
}

void TreeStream::finish() {
    base::drain(pipe_.read_end.get(), "the rest of a tar");
    pipe_.read_end.reset();
    const std::optional<int> status = process_.wait(std::chrono::minutes(1));
    if (status != 0) {
        throw base::Error(base::ErrorKind::external,
                          fmt::format("tar of the image's tree {}",
                                      base::describe_status(status.value_or(128 + SIGKILL))));
    }
}

}  // namespace imagebuilder
