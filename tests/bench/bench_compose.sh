#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# From the tar of a root file system to a bootable qcow2 of zstd clusters: `muster build` of a recipe that is nothing but
# `source: { tarball: … }` against guestfish (disk, partition, ext4, tar-in, extlinux) with qemu-img convert, as whole
# processes; then the same tail as part of an ordinary build, and the other formats. Says how both boot under TCG with BOOT=1.
#   tests/bench/bench_compose.sh [ROOT.tar]     (default: one of Debian 12 with a kernel, made by mmdebstrap)
# Targets: 12 times faster than guestfish; at most 200 MiB in the largest process. Fails when one is missed.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
MUSTER=${MUSTER:-$root/build/release/bin/muster}
[ -x "$MUSTER" ] || { echo "no program at $MUSTER: cmake --preset release && ninja -C build/release muster" >&2; exit 2; }
PATH=$PATH:/usr/sbin
export LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=force_tcg
work=$(mktemp -d /tmp/muster-bench-XXXXXX)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache

tar=${1:-}
[ -z "$tar" ] || [ -f "$tar" ] || { echo "there is no tarball '$tar'" >&2; exit 3; }
if [ -z "$tar" ]; then
    "$MUSTER" build "$root/templates/debian-base" -o "$work/base.qcow2" >"$work/output" 2>&1 || { cat "$work/output" >&2; exit 1; }
    tar=$work/root.tar
    mmdebstrap --variant=apt --include=linux-image-cloud-amd64,systemd-sysv,udev,dbus,fdisk,e2fsprogs,iproute2,python3,openssh-server \
        bookworm "$tar" "$work"/cache/muster/apt/*/sources.list >"$work/output" 2>&1 || { cat "$work/output" >&2; exit 1; }
fi
mkdir "$work/recipe"
printf 'source: { tarball: "%s" }\n' "$(realpath "$tar")" >"$work/recipe/recipe.yaml"

# timed NAME COMMAND…: adds "elapsed CPU largest-process-KiB" to $work/NAME.
timed() {
    local name=$1
    shift
    /usr/bin/time -f '%e %U %S %M' -o "$work/time" "$@" >"$work/output" 2>&1 || { cat "$work/output" >&2; exit 1; }
    awk '{ print $1, $2 + $3, $4 }' "$work/time" >>"$work/$name"
}
# median NAME COLUMN
median() { sort -n -k"$2" "$work/$1" | awk -v c="$2" '{ v[NR] = $c } END { print v[int((NR + 1) / 2)] }'; }

by_guestfish() {
    rm -f "$work/disk.raw" "$work/fish.qcow2"
    printf 'DEFAULT l\nLABEL l\nKERNEL /boot/%s\nINITRD /boot/%s\nAPPEND root=/dev/vda1 rw console=ttyS0\n' \
        "$(tar -tf "$tar" | sed -n 's,.*boot/\(vmlinuz-.*\),\1,p' | head -n 1)" \
        "$(tar -tf "$tar" | sed -n 's,.*boot/\(initrd.img-.*\),\1,p' | head -n 1)" >"$work/extlinux.conf"
    guestfish <<EOF
disk-create $work/disk.raw raw 2G
add-drive $work/disk.raw format:raw cachemode:unsafe
run
part-init /dev/sda mbr
part-add /dev/sda p 2048 -1
part-set-bootable /dev/sda 1 true
mkfs ext4 /dev/sda1 features:^64bit
mount /dev/sda1 /
tar-in $tar / xattrs:true acls:true
mkdir-p /extlinux
upload $work/extlinux.conf /extlinux/extlinux.conf
extlinux /extlinux
umount-all
upload /usr/lib/SYSLINUX/mbr.bin /dev/sda
EOF
    qemu-img convert -c -O qcow2 -o compression_type=zstd "$work/disk.raw" "$work/fish.qcow2"
}
by_muster() { "$MUSTER" --quiet build --no-cache "$work/recipe" -o "$work/disk.$1"; }
export -f by_guestfish by_muster
export work tar MUSTER

echo "== $(nproc) cores, load $(cut -d' ' -f1-3 /proc/loadavg), $(($(stat -c %s "$tar") >> 20)) MiB of tar"
by_muster qcow2 # the tar into the page cache
for _ in 1 2 3 4 5; do timed muster bash -c 'by_muster qcow2'; done
for _ in 1 2 3; do timed vmdk bash -c 'by_muster vmdk'; timed raw bash -c 'by_muster raw'; done
for _ in $(seq "${FISH:-3}"); do timed fish bash -c by_guestfish; done
qemu-img check -q "$work/disk.qcow2"
for name in muster raw vmdk fish; do
    printf '%-8s %s s (CPU %s s), largest process %s MiB\n' "$name" "$(median $name 1)" "$(median $name 2)" \
        $(($(median $name 3) >> 10))
done
printf 'qcow2: muster %s MiB, guestfish %s MiB\n' $(($(stat -c %s "$work/disk.qcow2") >> 20)) \
    $(($(stat -c %s "$work/fish.qcow2") >> 20))
ratio=$(echo "scale=1; $(median fish 1) / $(median muster 1)" | bc)
echo "ratio $ratio (must reach 12)"
[ "$(echo "$ratio >= 12" | bc)" = 1 ] || { echo "TOO SLOW" >&2; exit 1; }
[ "$(median muster 3)" -le $((200 << 10)) ] || { echo "TOO LARGE" >&2; exit 1; }
