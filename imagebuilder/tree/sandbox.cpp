// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/sandbox.h"

#include <unistd.h>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Command;
using base::Error;
using base::ErrorKind;

// $1 is the tree; $2 options of a mount of the image $3 on it, or empty; then pairs of host path
// and place in the tree up to "--"; then the environment and the command. It runs as process 1 of
// the namespace: what it leaves behind dies with it.
constexpr const char* kEnter = R"script(set -e
tree=$1
[ -z "$2" ] || mount -o "$2" "$3" "$tree"
shift 3
mount -t proc -o nosuid,noexec,nodev proc "$tree/proc"
mount -t tmpfs -o mode=0755,nosuid,size=16m dev "$tree/dev"
for node in null zero full random urandom tty; do
    : >"$tree/dev/$node"
    mount --bind "/dev/$node" "$tree/dev/$node"
done
ln -s /proc/self/fd "$tree/dev/fd"
ln -s /proc/self/fd/0 "$tree/dev/stdin"
ln -s /proc/self/fd/1 "$tree/dev/stdout"
ln -s /proc/self/fd/2 "$tree/dev/stderr"
mkdir "$tree/dev/pts" "$tree/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$tree/dev/pts"
ln -s pts/ptmx "$tree/dev/ptmx"
mount -t tmpfs -o mode=1777,nosuid,nodev shm "$tree/dev/shm"
mount -t tmpfs -o mode=0755,nosuid,nodev run "$tree/run"
mount -t tmpfs -o mode=1777,nosuid,nodev tmp "$tree/tmp"
mkdir "$tree/run/lock"
while [ "$1" != -- ]; do
    case $2 in
        /run/*)
            if [ -d "$1" ]; then
                mkdir -p "$tree$2"
            else
                mkdir -p "$tree${2%/*}"
                : >"$tree$2"
            fi ;;
    esac
    # Never through a link: it would lead to a place of the host.
    if [ ! -L "$tree$2" ]; then
        [ -e "$tree$2" ] || : >"$tree$2"
        mount --bind "$1" "$tree$2"
    fi
    shift 2
done
shift
cd /
exec chroot "$tree" /usr/bin/env -i "$@"
)script";

std::vector<std::string> namespaces() {
    std::vector<std::string> argv{"unshare", "--mount", "--pid",        "--fork",
                                  "--uts",   "--ipc",   "--kill-child", "--propagation=private"};
    if (::geteuid() != 0) {
        argv.insert(argv.begin() + 1, {"--user", "--map-root-user", "--map-auto"});
    }
    return argv;
}

std::string loop_options(const LoopMount& mount) {
    return fmt::format("loop,offset={},{}", mount.offset, mount.read_only ? "ro,noload" : "rw");
}

}  // namespace

Command command_in_tree(const Sandbox& sandbox, const std::vector<std::string>& argv) {
    Command command;
    command.argv = namespaces();
    const auto add = [&](std::string word) { command.argv.push_back(std::move(word)); };
    if (::geteuid() != 0) {
        // propagation cannot be changed on mounts of another user namespace; they are private there
        std::erase(command.argv, "--propagation=private");
    }
    if (sandbox.own_terminal) {
        add("setsid");
        add("--ctty");
    }
    for (const char* word : {"sh", "-c", kEnter, "sh"}) {
        add(word);
    }
    add(sandbox.tree.string());
    add(sandbox.mount ? loop_options(*sandbox.mount) : "");
    add(sandbox.mount ? sandbox.mount->image.string() : "");
    for (const auto& [from, to] : sandbox.binds) {
        add(from.string());
        add(to);
    }
    add("--");
    for (const char* setting :
         {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
          "LC_ALL=C.UTF-8", "TERM=dumb", "DEBIAN_FRONTEND=noninteractive", "INITRD=No",
          "SYSTEMD_OFFLINE=1"}) {
        add(setting);
    }
    for (const auto& [key, value] : sandbox.env) {
        add(key + "=" + value);
    }
    command.argv.insert(command.argv.end(), argv.begin(), argv.end());
    command.timeout = std::chrono::minutes(60);
    return command;
}

Command command_as_owner(const std::vector<std::string>& argv) {
    Command command;
    if (::geteuid() != 0) {
        command.argv = {"unshare", "--user", "--map-root-user", "--map-auto", "--"};
    }
    command.argv.insert(command.argv.end(), argv.begin(), argv.end());
    command.timeout = std::chrono::minutes(30);
    return command;
}

void require_namespaces() {
    base::Command probe = command_as_owner({"true"});
    if (::geteuid() == 0) {
        probe.argv = {"unshare", "--mount", "--pid", "--fork", "true"};
    }
    const base::RunResult result = base::run(probe);
    if (result.status == 0) {
        return;
    }
    throw Error(
        ErrorKind::environment,
        fmt::format("this user cannot make namespaces: {}", result.err.substr(0, 300)),
        ::geteuid() == 0
            ? "run it where mounting is allowed (a container needs CAP_SYS_ADMIN)"
            : "apt-get install uidmap, and give the user subordinate ids: usermod --add-subuids "
              "100000-165535 --add-subgids 100000-165535 USER");
}

void remove_tree(const fs::path& tree) {
    if (!fs::exists(fs::symlink_status(tree))) {
        return;
    }
    // Not base::run(): this is also the way out after Ctrl-C.
    base::Process process(command_as_owner({"rm", "-rf", "--one-file-system", tree.string()}));
    const std::optional<int> status = process.wait(std::chrono::minutes(5));
    if (status != 0) {
        base::log(base::LogLevel::warn, "imagebuilder", "cannot remove '{}'", tree.string());
    }
}

}  // namespace imagebuilder
