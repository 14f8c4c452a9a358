#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bench_pack_disk.sh DISK.raw: raw to streamOptimized VMDK and back, ours against qemu-img, in one run on one machine. Each
# result is checked against the input. Needs the program: cmake --preset release && ninja -C build/release pack_disk
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
pack_disk=$root/build/release/bin/pack_disk
if [ $# -ne 1 ] || [ ! -x "$pack_disk" ]; then
    sed -n "3,4s/^# //p" "$0" >&2
    exit 2
fi
disk=$(realpath "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/bench-XXXXXX")
trap 'rm -rf "$work"' EXIT
cat "$disk" >/dev/null # into the page cache

# measure LABEL COMMAND…: wall seconds, CPU seconds, peak memory, the fastest of RUNS (3) runs counts.
measure() {
    local label=$1 best=
    shift
    for ((run = 0; run < ${RUNS:-3}; ++run)); do
        /usr/bin/time -f '%e %U %S %M' -o "$work/time" "$@"
        if [ -z "$best" ] || [ "$(echo "$(cut -d' ' -f1 "$work/time") < ${best%% *}" | bc)" = 1 ]; then
            best=$(cat "$work/time")
        fi
    done
    read -r wall user system peak <<<"$best"
    printf '%-34s %7.2f s %7.2f CPU s %5d MiB\n' "$label" "$wall" "$(echo "$user + $system" | bc)" $((peak / 1024))
    WALL=$wall
}
ratio() { printf '%-34s %7.1f x\n' "  ratio" "$(echo "scale=3; $1 / $2" | bc)"; }

measure "qemu-img raw to VMDK" qemu-img convert -f raw -O vmdk -o subformat=streamOptimized "$disk" "$work/qemu.vmdk"
theirs=$WALL
measure "ours, level 6" "$pack_disk" encode "$disk" "$work/ours.vmdk" 6
ratio "$theirs" "$WALL"
measure "ours, level 1" "$pack_disk" encode "$disk" "$work/fast.vmdk" 1
ratio "$theirs" "$WALL"
printf 'bytes: qemu-img %d, level 6 %d, level 1 %d\n' "$(stat -c %s "$work/qemu.vmdk")" \
    "$(stat -c %s "$work/ours.vmdk")" "$(stat -c %s "$work/fast.vmdk")"

measure "qemu-img VMDK to raw" qemu-img convert -f vmdk -O raw "$work/ours.vmdk" "$work/qemu.raw"
theirs=$WALL
measure "ours" "$pack_disk" decode "$work/ours.vmdk" "$work/ours.raw"
ratio "$theirs" "$WALL"
measure "ours, of qemu-img's VMDK" "$pack_disk" decode "$work/qemu.vmdk" "$work/theirs.raw"
for result in qemu.raw ours.raw theirs.raw; do
    cmp "$disk" "$work/$result"
done
echo "all three give the input back"
