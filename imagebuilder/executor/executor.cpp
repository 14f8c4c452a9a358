// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/executor/executor.h"

#include <unistd.h>
#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::array kAllExecutors{Executor::compose, Executor::mount, Executor::libguestfs};

std::string describe_root(const RootKind& root) {
    return root.filesystem + (root.lvm ? " in LVM" : "");
}

// Why it cannot; nullopt: it can.
std::optional<Error> find_hindrance(Executor executor, const RootKind& root,
                                    const ExecutorHost& host) {
    if (executor == Executor::libguestfs) {
        if (!host.guestfish) {
            return Error(ErrorKind::environment,
                         "the executor libguestfs needs the program guestfish",
                         "apt-get install guestfish libguestfs-xfs linux-image-amd64");
        }
        return std::nullopt;
    }
    if (!root.is_plain()) {
        return Error(ErrorKind::unsupported,
                     fmt::format("the executor {} makes ext4 in a partition of its own, the recipe "
                                 "wants {}",
                                 to_string(executor), describe_root(root)),
                     "use --executor=libguestfs, or leave 'filesystem' and 'lvm' out of 'disk'");
    }
    if (executor == Executor::mount && !host.root) {
        return Error(ErrorKind::environment,
                     "the executor mount is for root: nobody else may mount a disk",
                     "run it as root, or with --executor=compose, which gives the same files");
    }
    return std::nullopt;
}

std::string why_compose(const Recipe& recipe, const ExecutorHost& host) {
    const Recipe& first = first_of(recipe);
    if (first.base && !has_steps(recipe)) {
        return fmt::format("the {} goes straight into the disk: nothing has to run in its tree",
                           to_string(first.base->kind));
    }
    return fmt::format("{} tree needs no mounted disk; its steps run in namespaces {}",
                       first.base ? "the unpacked" : "a " + source_of(recipe).release,
                       host.root ? "that root makes" : "of this user, without root");
}

}  // namespace

std::string_view to_string(Executor executor) {
    switch (executor) {
        case Executor::compose: return "compose";
        case Executor::mount: return "mount";
        case Executor::libguestfs: return "libguestfs";
    }
    base::unreachable("an executor of no kind");
}

Executor parse_executor(std::string_view name) {
    for (const Executor executor : kAllExecutors) {
        if (name == to_string(executor)) {
            return executor;
        }
    }
    throw Error(ErrorKind::usage, fmt::format("'{}' is not an executor", name),
                "compose, mount or libguestfs");
}

ExecutorHost look_at_host() {
    return {.root = ::geteuid() == 0, .guestfish = base::find_program("guestfish").has_value()};
}

ExecutorChoice choose_executor(const Recipe& recipe, const ExecutorHost& host,
                               std::optional<Executor> wanted) {
    const RootKind root = disk_of(recipe).root;
    const Executor executor =
        wanted.value_or(root.is_plain() ? Executor::compose : Executor::libguestfs);
    if (const auto hindrance = find_hindrance(executor, root, host)) {
        throw *hindrance;
    }
    if (wanted) {
        return {executor, "that is what was asked for"};
    }
    return {executor, executor == Executor::compose
                          ? why_compose(recipe, host)
                          : fmt::format("only libguestfs makes {}", describe_root(root))};
}

}  // namespace imagebuilder
