#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bench_import_export.sh [DISK.raw]: `muster convert` between an OVA and disk images against what one would type instead,
# in one run on one machine: whole processes, page cache warm, medians of RUNS (5); every result is compared with the disk
# it came from. Prints each figure beside its target and ends with 1 when one is missed. Measured too: peak memory at the
# disk's size and at HUGE (1T), space taken besides the output while a conversion runs (files of the output's folder and of
# TMPDIR, and deleted files that are still open), the distance to the floor (SHA-256 of the compressed bytes, and a copy).
# An idle machine is needed: the load is printed.
#
# Without DISK.raw one is made once and kept in BENCH_DIR (default: ~/.cache/muster-bench), where all files of the run are:
#   CONTENT=debian  (default) SIZE 8G: Debian 12 by mmdebstrap with a kernel, nginx, PostgreSQL, Python and compilers, as
#                   ext4; has to have 1.2 to 1.5 GB in use
#   CONTENT=FOLDER  the files of a folder of this host up to USED_MIB (1350) instead, for a try: SIZE=300M CONTENT=/usr/lib/git-core
#   MUSTER        the program (default: build/release/bin/muster)
#   VMDK_CONVERT  vmdk-convert of open-vmdk; compared too when it is there
#   TRY=1         a try on a small disk or a busy machine: says what is missed, but ends with 0
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
MUSTER=${MUSTER:-$root/build/release/bin/muster}
VMDK_CONVERT=${VMDK_CONVERT:-$(command -v vmdk-convert || true)}
BENCH_DIR=${BENCH_DIR:-$HOME/.cache/muster-bench}
RUNS=${RUNS:-5}
SIZE=${SIZE:-8G}
HUGE=${HUGE:-1T}
CONTENT=${CONTENT:-debian}
USED_MIB=${USED_MIB:-1350}
most_mib=64
[ -x "$MUSTER" ] || { echo "no program at $MUSTER: cmake --preset release && ninja -C build/release muster" >&2; exit 2; }
for tool in qemu-img openssl bc python3 /usr/bin/time; do
    command -v "$tool" >/dev/null || { echo "this needs $tool" >&2; exit 2; }
done
mkdir -p "$BENCH_DIR"
work=$(mktemp -d "$BENCH_DIR/run-XXXXXX")
trap 'rm -rf "$work"' EXIT

# fill_tree FOLDER: files that a server has.
fill_tree() {
    if [ "$CONTENT" != debian ]; then
        python3 - "$CONTENT" "$1" "$USED_MIB" <<'PY'
import os, shutil, sys
content, tree, left = sys.argv[1], sys.argv[2], int(sys.argv[3]) << 20
for folder, folders, names in os.walk(content):
    folders.sort()
    place = os.path.join(tree, os.path.relpath(folder, content))
    for name in sorted(names):
        file = os.path.join(folder, name)
        size = os.lstat(file).st_size
        if os.path.isfile(file) and not os.path.islink(file) and size <= left and os.access(file, os.R_OK):
            os.makedirs(place, exist_ok=True)
            shutil.copyfile(file, os.path.join(place, name))
            left -= size
PY
        return
    fi
    mmdebstrap --variant=important \
        --include=linux-image-amd64,nginx,postgresql,python3,python3-dev,build-essential bookworm "$1.tar"
    tar -xf "$1.tar" --exclude='./dev/*' -C "$1"
    rm "$1.tar"
}

make_disk() { # FILE
    local tree
    tree=$(mktemp -d "$BENCH_DIR/tree-XXXXXX")
    mkdir "$tree/root"
    fill_tree "$tree/root"
    truncate -s "$SIZE" "$1.new"
    /usr/sbin/mke2fs -q -t ext4 -d "$tree/root" "$1.new"
    chmod -R u+rwX "$tree"
    rm -rf "$tree"
    mv "$1.new" "$1"
}

disk=${1:-$BENCH_DIR/$(basename "$CONTENT")-$SIZE.raw}
[ -e "$disk" ] || make_disk "$disk"
cat "$disk" >/dev/null # into the page cache

missed=0
# check LABEL FIGURE TARGET UNIT: FIGURE has to be at least TARGET; with "at most" before the unit, at most.
check() {
    local label=$1 figure=$2 target=$3 unit=$4 ok relation='at least'
    if [[ $unit == 'at most '* ]]; then
        relation='at most'
        unit=${unit#at most }
        ok=$(echo "$figure <= $target" | bc)
    else
        ok=$(echo "$figure >= $target" | bc)
    fi
    local verdict=ok
    [ "$ok" = 1 ] || { verdict=MISSED; missed=$((missed + 1)); }
    printf '  %-58s %9s %-5s %s %s: %s\n' "$label" "$figure" "$unit" "$relation" "$target" "$verdict"
}

# measure LABEL FUNCTION: runs it RUNS times with an empty folder $out; leaves the median of the seconds in $seconds and the
# highest peak memory in $mib.
measure() {
    local label=$1 function=$2 run user system middle=$(((RUNS + 1) / 2))
    : >"$work/times"
    for ((run = 0; run < RUNS; ++run)); do
        rm -rf "$out"
        mkdir "$out"
        sync
        /usr/bin/time -f '%e %U %S %M' -o "$work/time" bash -euo pipefail -c "$(declare -f "$function"); $function"
        tail -1 "$work/time" >>"$work/times"
    done
    median() { cut -d' ' -f"$1" "$work/times" | sort -n | sed -n "${middle}p"; }
    seconds=$(median 1)
    user=$(median 2)
    system=$(median 3)
    mib=$(echo "($(cut -d' ' -f4 "$work/times" | sort -n | tail -1) + 1023) / 1024" | bc)
    printf '%-50s %8.2f s %8.2f CPU s %5d MiB\n' "$label" "$seconds" "$(echo "$user + $system" | bc)" "$mib"
}

# spare_space FUNCTION: runs it once more and looks all the time what it takes on disks; leaves in $spare the KiB beyond what
# the output has at the end.
spare_space() {
    rm -rf "$out" "$work/tmp"
    mkdir "$out" "$work/tmp"
    TMPDIR=$work/tmp bash -euo pipefail -c "$(declare -f "$1"); $1" &
    spare=$(python3 - "$!" "$out" "$work/tmp" <<'PY'
import os, sys, time
root, folders = int(sys.argv[1]), sys.argv[2:]

def blocks_in(folders):
    total = 0
    for folder in folders:
        for where, _, names in os.walk(folder):
            for name in names:
                try:
                    total += os.lstat(os.path.join(where, name)).st_blocks
                except FileNotFoundError:
                    pass
    return total

def family(pid):
    found = [pid]
    for one in found:
        try:
            for thread in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{thread}/children") as file:
                    found += [int(child) for child in file.read().split()]
        except OSError:
            pass
    return found

def deleted_blocks(pid):
    seen = {}
    for one in family(pid):
        try:
            for fd in os.listdir(f"/proc/{one}/fd"):
                info = os.stat(f"/proc/{one}/fd/{fd}")
                if info.st_nlink == 0:
                    seen[info.st_dev, info.st_ino] = info.st_blocks
        except OSError:
            pass
    return sum(seen.values())

def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False

most = 0
while is_running(root):
    most = max(most, blocks_in(folders) + deleted_blocks(root))
    time.sleep(0.005)
print(max(0, most - blocks_in(folders[:1])) // 2)
PY
    )
    wait $! || { echo "$1 failed" >&2; exit 1; }
}

times_as_fast() { echo "scale=2; $1 / $2" | bc; }
percent_more() { echo "scale=2; 100 * ($2 - $1) / $1" | bc; }
bytes_of() { stat -c %s "$1"; }
disk_bytes_in() { tar -tvf "$1" | awk '/\.vmdk$/ { print $3 }'; }
same() { qemu-img compare -q -f "$1" -F raw "$2" "${3:-$disk}" || { echo "$2 is not the disk" >&2; exit 1; }; }
# ours_is_thrifty WHAT FUNCTION: after measure.
ours_is_thrifty() {
    check "$1: peak memory" "$mib" $most_mib 'at most MiB'
    spare_space "$2"
    check "$1: space besides the output" "$spare" 1024 'at most KiB'
}

export MUSTER VMDK_CONVERT disk work
export out=$work/out

used_mib=$(($(stat -c %b "$disk") / 2048))
echo "== disk: $disk, $(bytes_of "$disk") bytes, $used_mib MiB in use; $(nproc) cores, load $(cut -d' ' -f1-3 /proc/loadavg); medians of $RUNS"
if [ -z "${1:-}" ] && [ "$CONTENT" = debian ] && { [ $used_mib -lt 1144 ] || [ $used_mib -gt 1431 ]; }; then
    echo "not 1.2 to 1.5 GB in use: not the disk that the targets are for" >&2
    missed=$((missed + 1))
fi

# The measure of space has to see a deleted file of 3 MiB and one of 2 MiB that comes and goes.
# shellcheck disable=SC2317
space_control() {
    exec 4>"$TMPDIR/deleted"
    rm "$TMPDIR/deleted"
    head -c 3M /dev/urandom >&4
    head -c 2M /dev/urandom >"$TMPDIR/gone"
    sleep 0.3
    rm "$TMPDIR/gone"
}
spare_space space_control
[ "$spare" -ge 5120 ] || { echo "the measure of space saw $spare KiB of 5120" >&2; exit 2; }

echo "== into an OVA with a manifest"
# shellcheck disable=SC2317 # run by measure
peer_export() {
    qemu-img convert -f raw -O vmdk -o subformat=streamOptimized "$disk" "$out/disk.vmdk"
    (cd "$out" && sha256sum disk.vmdk >disk.mf && tar -cf disk.ova disk.vmdk disk.mf)
}
measure "qemu-img, sha256sum, tar; from raw" peer_export
export_seconds=$seconds
export_bytes=$(bytes_of "$out/disk.vmdk")
# shellcheck disable=SC2317
ours_export() { "$MUSTER" --quiet convert "$disk" "$out/disk.ova"; }
measure "muster convert, raw to .ova" ours_export
ours_seconds=$seconds
check "times as fast as qemu-img" "$(times_as_fast "$export_seconds" "$seconds")" 5 x
check "more bytes than qemu-img" "$(percent_more "$export_bytes" "$(disk_bytes_in "$out/disk.ova")")" 0 'at most %'
mv "$out/disk.ova" "$work/disk.ova"
ours_is_thrifty "raw to .ova" ours_export
qemu-img convert -f raw -O qcow2 "$disk" "$work/disk.qcow2"
# shellcheck disable=SC2317
ours_export_qcow2() { "$MUSTER" --quiet convert "$work/disk.qcow2" "$out/disk.ova"; }
measure "muster convert, qcow2 to .ova" ours_export_qcow2
check "times as fast as qemu-img from raw" "$(times_as_fast "$export_seconds" "$seconds")" 5 x
ours_is_thrifty "qcow2 to .ova" ours_export_qcow2
# shellcheck disable=SC2317
ours_export_fast() { "$MUSTER" --quiet convert "$disk" "$out/disk.ova" --fast; }
measure "muster convert --fast, raw to .ova" ours_export_fast
fast_seconds=$seconds
check "--fast: times as fast as qemu-img" "$(times_as_fast "$export_seconds" "$seconds")" 18 x
check "--fast: more bytes than qemu-img" "$(percent_more "$export_bytes" "$(disk_bytes_in "$out/disk.ova")")" 12 'at most %'
ours_is_thrifty "--fast, raw to .ova" ours_export_fast
if [ -x "$VMDK_CONVERT" ]; then
    # Without digests and tar, on all cores: more than fair.
    # shellcheck disable=SC2317
    vmdk_export_6() { "$VMDK_CONVERT" -c 6 -n "$(nproc)" "$disk" "$out/disk.vmdk" >/dev/null; }
    measure "vmdk-convert -c 6, the VMDK alone" vmdk_export_6
    check "times as fast as vmdk-convert -c 6" "$(times_as_fast "$seconds" "$ours_seconds")" 1 x
    # shellcheck disable=SC2317
    vmdk_export_1() { "$VMDK_CONVERT" -c 1 -n "$(nproc)" "$disk" "$out/disk.vmdk" >/dev/null; }
    measure "vmdk-convert -c 1, the VMDK alone" vmdk_export_1
    check "--fast: times as fast as vmdk-convert -c 1" "$(times_as_fast "$seconds" "$fast_seconds")" 1 x
fi

echo "== out of an OVA, verified"
# shellcheck disable=SC2317
floor() { openssl dgst -sha256 "$work/disk.ova" >/dev/null && cp "$work/disk.ova" "$out/copy"; }
measure "the floor: SHA-256, then a copy" floor
floor_seconds=$seconds
# shellcheck disable=SC2317
peer_import_qcow2() {
    tar -xf "$work/disk.ova" -C "$out"
    (cd "$out" && sed -n 's/SHA256(\(.*\))= \(.*\)/\2  \1/p' ./*.mf | sha256sum --quiet -c)
    qemu-img convert -m 16 -W -f vmdk -O qcow2 "$out"/*.vmdk "$out/disk.qcow2"
}
measure "tar, sha256sum, qemu-img to qcow2" peer_import_qcow2
import_seconds=$seconds
# shellcheck disable=SC2317
ours_import_qcow2() { "$MUSTER" --quiet convert "$work/disk.ova" "$out/disk.qcow2"; }
measure "muster convert, .ova to qcow2 (adoption)" ours_import_qcow2
check "times as fast as qemu-img" "$(times_as_fast "$import_seconds" "$seconds")" 20 x
printf '  %-58s %9s\n' "times the floor" "$(echo "scale=2; $seconds / $floor_seconds" | bc)"
qemu-img check -q -f qcow2 "$out/disk.qcow2"
same qcow2 "$out/disk.qcow2"
ours_is_thrifty ".ova to qcow2" ours_import_qcow2
# shellcheck disable=SC2317
peer_import_raw() {
    tar -xf "$work/disk.ova" -C "$out"
    (cd "$out" && sed -n 's/SHA256(\(.*\))= \(.*\)/\2  \1/p' ./*.mf | sha256sum --quiet -c)
    qemu-img convert -m 16 -W -f vmdk -O raw "$out"/*.vmdk "$out/disk.raw"
}
measure "tar, sha256sum, qemu-img to raw" peer_import_raw
import_seconds=$seconds
# shellcheck disable=SC2317
ours_import_raw() { "$MUSTER" --quiet convert "$work/disk.ova" "$out/disk.raw"; }
measure "muster convert, .ova to raw" ours_import_raw
ours_seconds=$seconds
check "times as fast as qemu-img" "$(times_as_fast "$import_seconds" "$seconds")" 6 x
printf '  %-58s %9s\n' "times the floor" "$(echo "scale=2; $seconds / $floor_seconds" | bc)"
same raw "$out/disk.raw"
ours_is_thrifty ".ova to raw" ours_import_raw
if [ -x "$VMDK_CONVERT" ]; then
    tar -xf "$work/disk.ova" -C "$work"
    # shellcheck disable=SC2317
    vmdk_import() { "$VMDK_CONVERT" "$(ls "$work"/*.vmdk)" "$out/disk.raw" >/dev/null; }
    measure "vmdk-convert to raw, without verification" vmdk_import
    check "times as fast as vmdk-convert" "$(times_as_fast "$seconds" "$ours_seconds")" 1 x
fi

echo "== a disk of $HUGE"
RUNS=1
truncate -s "$HUGE" "$work/huge.raw"
dd if="$disk" of="$work/huge.raw" bs=1M count=600 conv=notrunc,sparse status=none
dd if="$disk" of="$work/huge.raw" bs=1M count=100 seek="$(($(bytes_of "$work/huge.raw") / 1048576 - 200))" conv=notrunc,sparse status=none
# shellcheck disable=SC2317
huge_export() { "$MUSTER" --quiet convert "$work/huge.raw" "$out/huge.ova"; }
measure "muster convert, raw to .ova" huge_export
ours_is_thrifty "$HUGE, raw to .ova" huge_export
mv "$out/huge.ova" "$work/huge.ova"
# shellcheck disable=SC2317
huge_qcow2() { "$MUSTER" --quiet convert "$work/huge.ova" "$out/huge.qcow2"; }
measure "muster convert, .ova to qcow2" huge_qcow2
same qcow2 "$out/huge.qcow2" "$work/huge.raw"
ours_is_thrifty "$HUGE, .ova to qcow2" huge_qcow2
# shellcheck disable=SC2317
huge_raw() { "$MUSTER" --quiet convert "$work/huge.ova" "$out/huge.raw"; }
measure "muster convert, .ova to raw" huge_raw
same raw "$out/huge.raw" "$work/huge.raw"
ours_is_thrifty "$HUGE, .ova to raw" huge_raw

echo "== lint"
"$root/tests/bench/bench_lint.sh" "$MUSTER" || missed=$((missed + 1))

echo "== $missed missed"
[ "$missed" = 0 ] || [ -n "${TRY:-}" ]
