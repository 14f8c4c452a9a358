#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bench_import_export.sh [DISK.raw]: `muster convert` between an OVA and disk images against what one would type instead,
# in one run on one machine: whole processes, medians of RUNS (5), peak memory, bytes and temporary space; every result is
# compared with the disk it came from. Without DISK.raw an 8 GiB Debian with a kernel, nginx, PostgreSQL and Python is made
# once and kept in BENCH_DIR (default: ~/.cache/muster-bench), where all files of the run are too.
#   MUSTER        the program (default: build/release/bin/muster)
#   VMDK_CONVERT  vmdk-convert of open-vmdk; compared too when it is there
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
MUSTER=${MUSTER:-$root/build/release/bin/muster}
VMDK_CONVERT=${VMDK_CONVERT:-$(command -v vmdk-convert || true)}
BENCH_DIR=${BENCH_DIR:-$HOME/.cache/muster-bench}
RUNS=${RUNS:-5}
[ -x "$MUSTER" ] || { echo "no program at $MUSTER: cmake --preset release && ninja -C build/release muster" >&2; exit 2; }
mkdir -p "$BENCH_DIR"
work=$(mktemp -d "$BENCH_DIR/run-XXXXXX")
trap 'rm -rf "$work"' EXIT

# make_disk FILE: 1.2 to 1.5 GB in use, of files that a server has.
make_disk() {
    local tree
    tree=$(mktemp -d "$BENCH_DIR/tree-XXXXXX")
    mmdebstrap --variant=important \
        --include=linux-image-amd64,nginx,postgresql,python3,python3-dev,build-essential,git,vim \
        bookworm "$tree/root.tar"
    mkdir "$tree/root"
    tar -xf "$tree/root.tar" -C "$tree/root"
    truncate -s 8G "$1.new"
    mke2fs -q -t ext4 -d "$tree/root" "$1.new"
    rm -rf "$tree"
    mv "$1.new" "$1"
}

disk=${1:-$BENCH_DIR/debian.raw}
[ -e "$disk" ] || make_disk "$disk"
cat "$disk" >/dev/null # into the page cache

# measure LABEL FUNCTION: runs it RUNS times with an empty folder $out; prints and leaves the medians in SECONDS_, MIB_.
measure() {
    local label=$1 function=$2 run
    : >"$work/times"
    for ((run = 0; run < RUNS; ++run)); do
        rm -rf "$work/out"
        mkdir "$work/out"
        sync
        /usr/bin/time -f '%e %U %S %M' -o "$work/time" bash -euo pipefail -c "$(declare -f "$function"); $function"
        tail -1 "$work/time" >>"$work/times"
    done
    local middle=$(((RUNS + 1) / 2))
    SECONDS_=$(cut -d' ' -f1 "$work/times" | sort -n | sed -n "${middle}p")
    local user system
    user=$(cut -d' ' -f2 "$work/times" | sort -n | sed -n "${middle}p")
    system=$(cut -d' ' -f3 "$work/times" | sort -n | sed -n "${middle}p")
    MIB_=$(($(cut -d' ' -f4 "$work/times" | sort -n | tail -1) / 1024))
    printf '%-44s %7.2f s %7.2f CPU s %5d MiB\n' "$label" "$SECONDS_" "$(echo "$user + $system" | bc)" "$MIB_"
}
ratio() { printf '%-44s %7.1f x  (wanted: %s)\n' "  times as fast as $1" "$(echo "scale=3; $2 / $3" | bc)" "$4"; }
bytes_of() { stat -c %s "$1"; }
same() { qemu-img compare -q -f "$1" -F raw "$2" "$disk" || { echo "$2 is not the disk" >&2; exit 1; }; }

export MUSTER VMDK_CONVERT disk work
export out=$work/out

echo "== disk: $(bytes_of "$disk") bytes, $(($(stat -c %b "$disk") / 2048)) MiB allocated; $(nproc) cores; medians of $RUNS"
echo "== into an OVA"
# shellcheck disable=SC2317 # run by measure
peer_export() {
    qemu-img convert -f raw -O vmdk -o subformat=streamOptimized "$disk" "$out/disk.vmdk"
    (cd "$out" && sha256sum disk.vmdk >disk.mf && tar -cf disk.ova disk.vmdk disk.mf)
}
measure "qemu-img, sha256sum, tar" peer_export
export_seconds=$SECONDS_
export_bytes=$(bytes_of "$out/disk.ova")
# shellcheck disable=SC2317
ours_export() { "$MUSTER" --quiet convert "$disk" "$out/disk.ova"; }
measure "muster convert, raw to .ova" ours_export
ratio qemu-img "$export_seconds" "$SECONDS_" 5
ours_bytes=$(bytes_of "$out/disk.ova")
mv "$out/disk.ova" "$work/disk.ova"
qemu-img convert -f raw -O qcow2 "$disk" "$work/disk.qcow2"
# shellcheck disable=SC2317
ours_export_qcow2() { "$MUSTER" --quiet convert "$work/disk.qcow2" "$out/disk.ova"; }
measure "muster convert, qcow2 to .ova" ours_export_qcow2
ratio qemu-img "$export_seconds" "$SECONDS_" 5
# shellcheck disable=SC2317
ours_export_fast() { "$MUSTER" --quiet convert "$disk" "$out/disk.ova" --fast; }
measure "muster convert --fast, raw to .ova" ours_export_fast
ratio qemu-img "$export_seconds" "$SECONDS_" 18
fast_bytes=$(bytes_of "$out/disk.ova")
printf 'bytes: qemu-img %d, muster %d (%+.1f %%), --fast %d (%+.1f %%)\n' "$export_bytes" "$ours_bytes" \
    "$(echo "scale=4; 100 * ($ours_bytes - $export_bytes) / $export_bytes" | bc)" "$fast_bytes" \
    "$(echo "scale=4; 100 * ($fast_bytes - $export_bytes) / $export_bytes" | bc)"
if [ -x "$VMDK_CONVERT" ]; then
    # shellcheck disable=SC2317
    vmdk_export() {
        "$VMDK_CONVERT" "$disk" "$out/disk.vmdk"
        (cd "$out" && sha256sum disk.vmdk >disk.mf && tar -cf disk.ova disk.vmdk disk.mf)
    }
    measure "vmdk-convert, sha256sum, tar" vmdk_export
fi

echo "== out of an OVA"
# shellcheck disable=SC2317
peer_import_raw() {
    tar -xf "$work/disk.ova" -C "$out"
    (cd "$out" && sed -n 's/SHA256(\(.*\))= \(.*\)/\2  \1/p' ./*.mf | sha256sum --quiet -c)
    qemu-img convert -m 16 -W -f vmdk -O raw "$out"/*.vmdk "$out/disk.raw"
}
# shellcheck disable=SC2317
peer_import_qcow2() {
    tar -xf "$work/disk.ova" -C "$out"
    (cd "$out" && sed -n 's/SHA256(\(.*\))= \(.*\)/\2  \1/p' ./*.mf | sha256sum --quiet -c)
    qemu-img convert -m 16 -W -f vmdk -O qcow2 "$out"/*.vmdk "$out/disk.qcow2"
}
measure "tar, sha256sum, qemu-img to qcow2" peer_import_qcow2
import_seconds=$SECONDS_
# shellcheck disable=SC2317
ours_import_qcow2() { "$MUSTER" --quiet convert "$work/disk.ova" "$out/disk.qcow2"; }
measure "muster convert, .ova to qcow2 (adoption)" ours_import_qcow2
ratio qemu-img "$import_seconds" "$SECONDS_" 20
adoption_seconds=$SECONDS_
printf 'files left besides the disk: %d; bytes of the qcow2: %d\n' "$(($(find "$out" -type f | wc -l) - 1))" \
    "$(bytes_of "$out/disk.qcow2")"
qemu-img check -q -f qcow2 "$out/disk.qcow2"
same qcow2 "$out/disk.qcow2"
measure "tar, sha256sum, qemu-img to raw" peer_import_raw
import_seconds=$SECONDS_
# shellcheck disable=SC2317
ours_import_raw() { "$MUSTER" --quiet convert "$work/disk.ova" "$out/disk.raw"; }
measure "muster convert, .ova to raw" ours_import_raw
ratio qemu-img "$import_seconds" "$SECONDS_" 6
same raw "$out/disk.raw"
if [ -x "$VMDK_CONVERT" ]; then
    tar -xf "$work/disk.ova" -C "$work"
    # shellcheck disable=SC2317
    vmdk_import() { "$VMDK_CONVERT" "$(ls "$work"/*.vmdk)" "$out/disk.raw"; }
    measure "vmdk-convert to raw, without verification" vmdk_import
fi
# shellcheck disable=SC2317
floor() { openssl dgst -sha256 "$work/disk.ova" >/dev/null && cp "$work/disk.ova" "$out/copy"; }
measure "the floor: SHA-256, then a copy" floor
printf 'adoption takes %.2f times the floor\n' "$(echo "scale=3; $adoption_seconds / $SECONDS_" | bc)"

echo "== a disk of 1 TiB"
truncate -s 1T "$work/huge.raw"
dd if="$disk" of="$work/huge.raw" bs=1M count=600 conv=notrunc status=none
dd if="$disk" of="$work/huge.raw" bs=1M count=100 seek=900000 conv=notrunc status=none
# shellcheck disable=SC2317
huge_export() { "$MUSTER" --quiet convert "$work/huge.raw" "$out/huge.ova" --fast; }
measure "muster convert --fast, raw to .ova" huge_export
mv "$out/huge.ova" "$work/huge.ova"
# shellcheck disable=SC2317
huge_qcow2() { "$MUSTER" --quiet convert "$work/huge.ova" "$out/huge.qcow2"; }
measure "muster convert, .ova to qcow2" huge_qcow2
# shellcheck disable=SC2317
huge_raw() { "$MUSTER" --quiet convert "$work/huge.ova" "$out/huge.raw"; }
measure "muster convert, .ova to raw" huge_raw
