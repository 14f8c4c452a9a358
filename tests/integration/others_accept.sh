#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What muster writes is taken by others: virt-v2v reads the packages, qemu-img finds the disks whole and equal to
# what they were made from.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/sample_package.sh
. "$(dirname "$0")/sample_package.sh"
# shellcheck source=tests/integration/pack_samples.sh
. "$(dirname "$0")/pack_samples.sh"
requires qemu-img --version
requires virt-v2v --version
requires openssl version
cd "$work"

# v2v FILE: its text in $out.
v2v() {
    expect_exit 0 env LIBGUESTFS_BACKEND=direct virt-v2v -i ova "$1" --print-source
}

# same_disk VMDK IMAGE: what qemu-img reads from the VMDK is the image, and zeros behind its end.
same_disk() {
    expect_text "$(qemu-img info "$1")" 'create type: streamOptimized'
    qemu-img check -q "$1" || fail "qemu-img check finds something in $1"
    qemu-img compare -q "$1" "$2" || fail "$1 differs from $2"
}

make_images
make_signer maker
make_packages || fail "$(cat make_packages.log)"

# One system and its devices, whoever it was made for.
for name in alone-generic alone-vmware alone-virtualbox signed profiled split-web; do
    v2v "$name.ova"
    expect_text "$out" "nr vCPUs: 1"
    expect_text "$out" "memory: 268435456 (bytes)"
    expect_text "$out" "Bridge \"front\""
done
v2v alone-generic.ova
expect_text "$out" "source name: alone"
expect_text "$out" "Bridge \"front\" [vmxnet3]"
v2v disk-virtualbox.ova
expect_text "$out" "0 [sata]"
v2v edited.ova
expect_text "$out" "nr vCPUs: 2"
expect_text "$out" "memory: 536870912 (bytes)"
expect_text "$out" "1 [scsi]"
expect_text "$out" "Bridge \"more\" [e1000]"

for package in alone-*.ova disk-*.ova signed.ova profiled.ova split-web.ova edited.ova shop-*.ova merged.ova split-db.ova; do
    mkdir "$package.d"
    tar -xf "$package" -C "$package.d"
    for disk in "$package.d"/*.vmdk; do
        case $disk in
            */db*) same_disk "$disk" db.raw ;;
            *) same_disk "$disk" web.raw ;;
        esac
    done
done
expect_text "$(qemu-img info edited.ova.d/disk-generic-disk1.vmdk)" '8 MiB'

# The pieces of a file, one after the other, are the file.
mkdir pieces
tar -xf chunked.ova -C pieces
cat pieces/web-disk.vmdk.* >whole.vmdk
same_disk whole.vmdk web.raw
