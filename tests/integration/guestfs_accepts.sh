#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# libguestfs finds the file system in a disk that muster wrote, and the file in it. Its appliance is a small machine:
# this takes some 20 s of processor time, the first time more.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
requires guestfish --version
requires mke2fs -V
requires bash -c 'ls /boot/vmlinuz-*'
export LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=force_tcg
cd "$work"

mkdir root
echo "hello from $$" >root/hello.txt
mke2fs -q -t ext4 -d root -L sample disk.raw 24M
"$MUSTER" convert disk.raw disk.vmdk
found=$(timeout 200 guestfish --ro -a disk.vmdk run : list-filesystems : mount-ro /dev/sda / : cat /hello.txt)
expect_text "$found" "/dev/sda: ext4"
expect_text "$found" "hello from $$"
