// SPDX-License-Identifier: Apache-2.0
// A small tar of a root file system that an image can be made of: a kernel and modules that are no
// such things, dpkg's status, and what a template must not have.
#pragma once

#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/process.h"

namespace tests {

inline void run_shell(const std::string& script, const std::filesystem::path& cwd) {
    base::Command command;
    command.argv = {"sh", "-e", "-c", script};
    command.cwd = cwd;
    command.env = {{"PATH", "/usr/sbin:/sbin:/usr/bin:/bin"}, {"DEBUGFS_PAGER", "cat"}};
    base::run_checked(command);
}

// FOLDER/tree and FOLDER/root.tar of it; `more` is a script that runs in the tree before it is
// packed. All belongs to root, the newest file is of 1700000000.
inline std::filesystem::path make_root_tar(const std::filesystem::path& folder,
                                           const std::string& more = "") {
    // clang-format off
    run_shell(R"sh(
mkdir tree
cd tree
mkdir -p boot dev etc/ssh etc/systemd/system root tmp usr/bin usr/sbin var/log/apt var/lib/dpkg var/lib/dhcp var/tmp
mkdir -p usr/lib/modules/6.1.0-9/kernel/virtio
ln -s usr/lib lib
ln -s usr/sbin sbin
printf 'the kernel' >boot/vmlinuz-6.1.0-9
ln -s vmlinuz-6.1.0-9 boot/vmlinuz
printf 'kernel/virtio/virtio.ko:\nkernel/virtio/virtio_blk.ko: kernel/virtio/virtio.ko\nkernel/e1000.ko:\n' \
    >usr/lib/modules/6.1.0-9/modules.dep
echo virtio >usr/lib/modules/6.1.0-9/kernel/virtio/virtio.ko
echo virtio_blk >usr/lib/modules/6.1.0-9/kernel/virtio/virtio_blk.ko
echo e1000 >usr/lib/modules/6.1.0-9/kernel/e1000.ko
printf 'Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36\n\nPackage: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n\nPackage: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2\n' \
    >var/lib/dpkg/status
mkdir -p usr/share/doc/bash usr/share/doc/libc-alpha usr/share/doc/libc-data
printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: GPL-3+\n' >usr/share/doc/bash/copyright
printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: LGPL-2.1+\n' >usr/share/doc/libc-alpha/copyright
ln usr/share/doc/libc-alpha/copyright usr/share/doc/libc-data/copyright
ln -s libc-data usr/share/doc/libc6
printf 'NAME=x\nID=debian\nVERSION_ID="12"\n' >usr/lib/os-release
ln -s ../usr/lib/os-release etc/os-release
echo old >etc/hostname
echo nameserver 192.0.2.1 >etc/resolv.conf
echo 0123456789abcdef0123456789abcdef >etc/machine-id
echo key >etc/ssh/ssh_host_rsa_key
echo config >etc/ssh/sshd_config
echo log >var/log/apt/history.log
echo lease >var/lib/dhcp/lease
echo x >var/tmp/x
: >usr/sbin/sfdisk
: >usr/sbin/resize2fs
seq 1 200000 >usr/bin/large
ln usr/bin/large usr/bin/linked
)sh" + more + R"sh(
find . -exec touch -h -d @1600000000 {} +
touch -d @1700000000 etc/ssh/sshd_config
cd ..
tar -C tree --sort=name --numeric-owner --owner=0 --group=0 -cf root.tar .
)sh", folder);
    // clang-format on
    return folder / "root.tar";
}

}  // namespace tests
