// SPDX-License-Identifier: Apache-2.0
// The /init of our initramfs, for busybox sh. Data.
#pragma once

namespace imagebuilder {

inline constexpr const char* kInitScript = R"script(#!/bin/sh
# Finds the root file system and hands over to its init.
export PATH=/bin
mount -t devtmpfs -o mode=0755,nosuid dev /dev
mount -t proc -o nosuid,noexec,nodev proc /proc
mount -t sysfs -o nosuid,noexec,nodev sys /sys
mount -t tmpfs -o mode=0755,nosuid,nodev run /run

root= flags= type=ext4 mode=ro init=/sbin/init
for word in $(cat /proc/cmdline); do
    case $word in
        root=*) root=${word#root=} ;;
        rootflags=*) flags=,${word#rootflags=} ;;
        rootfstype=*) type=${word#rootfstype=} ;;
        init=*) init=${word#init=} ;;
        ro | rw) mode=$word ;;
    esac
done

give_up() {
    echo "muster initrd: $1" >/dev/console
    echo "muster initrd: disks: $(ls /sys/class/block | tr '\n' ' ')" >/dev/console
    case " $(cat /proc/cmdline) " in
        *" muster.shell "*) exec setsid cttyhack sh ;;
    esac
    sleep 5
    reboot -f
}

load() {
    [ -e "/modules/$1.list" ] || return 0
    while read -r module; do
        insmod "/modules/$module" 2>/dev/null
    done <"/modules/$1.list"
}

# Only what this machine has is loaded: each module costs time under emulation.
load virtio_pci
for device in /sys/bus/pci/devices/*; do
    read -r class <"$device/class"
    read -r vendor <"$device/vendor"
    case $class in
        0x0106*) load ahci; load sd_mod ;;
        0x0108*) load nvme ;;
        0x0100* | 0x0107*)
            [ "$vendor" = 0x15ad ] && load vmw_pvscsi && load sd_mod ;;
    esac
done
for device in /sys/bus/virtio/devices/*; do
    [ -e "$device/device" ] || continue
    read -r kind <"$device/device"
    case $kind in
        0x0002) load virtio_blk ;;
        0x0008) load virtio_scsi; load sd_mod; load sr_mod ;;
    esac
done
load crc32c_generic
load "$type"

find_root() {
    case $root in
        UUID=* | LABEL=*) found=$(findfs "$root" 2>/dev/null) ;;
        PARTUUID=*)
            found=
            for part in /sys/class/block/*; do
                grep -qix "PARTUUID=${root#PARTUUID=}" "$part/uevent" 2>/dev/null &&
                    found=/dev/${part##*/}
            done ;;
        *) found=$root ;;
    esac
    [ -n "$found" ] && [ -b "$found" ]
}
tries=0
until find_root; do
    tries=$((tries + 1))
    [ $tries -lt 500 ] || give_up "there is no root file system '$root'"
    usleep 20000
done
mount -t "$type" -o "$mode$flags" "$found" /root || give_up "cannot mount '$found'"

# A disk that is larger than its partitions: /run/muster/grow tells the growing unit.
part=/sys/class/block/${found##*/}
if [ -e "$part/partition" ]; then
    disk=$(readlink -f "$part/..")
    read -r start <"$part/start"
    read -r size <"$part/size"
    read -r whole <"$disk/size"
    if [ $((whole - start - size)) -gt 65536 ]; then
        read -r number <"$part/partition"
        mkdir -p /run/muster
        echo "/dev/${disk##*/} $number $found" >/run/muster/grow
    fi
fi

[ -x "/root$init" ] || [ -L "/root$init" ] || give_up "the root file system has no '$init'"
for point in dev proc sys run; do
    mount -o move "/$point" "/root/$point"
done
exec switch_root /root "$init"
)script";

}  // namespace imagebuilder
