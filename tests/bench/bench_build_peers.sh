#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Images against the programs that people use for the same today, in one run, whole processes, medians:
#   rebuild    one changed step (nginx added to a cached base)   against virt-customize --install, virt-sysprep and
#              virt-sparsify --compress on an image of the same base
#   introspect one Debian disk                                   against virt-inspector
#   bootstrap  the base from nothing, as a bootable disk         against mmdebstrap to tar and its conversion by libguestfs
#   tests/bench/bench_build_peers.sh [RUNS] [rebuild|introspect|bootstrap…]     (default: 5, all)
# libguestfs runs emulated; its programs are run RUNS times too, and each takes a minute.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
MUSTER=${MUSTER:-$root/build/release/bin/muster}
[ -x "$MUSTER" ] || { echo "no program at $MUSTER: cmake --preset release && ninja -C build/release muster" >&2; exit 2; }
for tool in virt-customize virt-sysprep virt-sparsify virt-inspector guestfish mmdebstrap; do
    command -v "$tool" >/dev/null || { echo "requires $tool: apt-get install libguestfs-tools guestfish mmdebstrap" >&2; exit 77; }
done
export LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=force_tcg LC_ALL=C.UTF-8
work=$(mktemp -d /tmp/muster-bench-XXXXXX)
trap 'rm -rf "$work"' EXIT
runs=${1:-5}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- rebuild introspect bootstrap
export XDG_CACHE_HOME=$work/cache

# seconds COMMAND…: how long it takes; its output only when it fails.
seconds() {
    local begin end
    begin=$(date +%s.%N)
    "$@" >"$work/output" 2>&1 || { cat "$work/output" >&2; exit 1; }
    end=$(date +%s.%N)
    echo "$end - $begin" | bc
}

# median FUNCTION: of RUNS runs, each told its number.
median() {
    local run
    for run in $(seq "$runs"); do
        "prepare_$1" "$run"
        seconds "run_$1" "$run"
    done | sort -n | awk '{ value[NR] = $1 } END { printf "%.2f", value[int((NR + 1) / 2)] }'
}
compare() {
    local ours theirs
    ours=$(median "$2")
    theirs=$(median "$3")
    printf '%-12s muster %s s, %s %s s: ratio %s\n' "$1" "$ours" "$3" "$theirs" \
        "$(echo "scale=1; $theirs / $ours" | bc)"
}

base_recipe() {
    mkdir -p "$work/base"
    printf 'name: bench\nfrom: %s\n' "$root/templates/debian-base" >"$work/base/recipe.yaml"
    "$MUSTER" --quiet build "$work/base" -o "$work/base.qcow2" >/dev/null
}

# Another comment in the last step each time: it runs again, with what comes after it.
prepare_rebuild() {
    mkdir -p "$work/changed"
    printf 'name: bench\nfrom: %s\npackages: [nginx]\nrun: ["true # %s"]\n' "$root/templates/debian-base" "$1" \
        >"$work/changed/recipe.yaml"
    # The step that installs is not cached either.
    { grep -ls '"step": "packages: nginx"' "$XDG_CACHE_HOME"/muster/layers/*.json || true; } | xargs -r rm
}
run_rebuild() { "$MUSTER" build "$work/changed" -o "$work/changed.qcow2"; }
prepare_virt_tools() { cp "$work/base.qcow2" "$work/peer.qcow2"; }
run_virt_tools() {
    virt-customize -a "$work/peer.qcow2" --install nginx
    virt-sysprep -a "$work/peer.qcow2"
    virt-sparsify --compress "$work/peer.qcow2" "$work/peer-small.qcow2"
}

prepare_introspect() { :; }
run_introspect() { "$MUSTER" --json introspect "$work/changed.qcow2"; }
prepare_virt_inspector() { :; }
run_virt_inspector() { virt-inspector -a "$work/changed.qcow2"; }

# What was downloaded stays on both sides; nothing else does.
prepare_bootstrap() {
    rm -rf "$XDG_CACHE_HOME"/muster/layers "$XDG_CACHE_HOME"/muster/images
}
run_bootstrap() { "$MUSTER" build "$root/templates/debian-base" -o "$work/bootstrapped.qcow2"; }
prepare_mmdebstrap_libguestfs() { rm -f "$work/root.tar" "$work/plain.qcow2"; }
run_mmdebstrap_libguestfs() {
    mmdebstrap --variant=minbase --include="$packages" bookworm "$work/root.tar" "$XDG_CACHE_HOME"/muster/apt/bookworm-*/sources.list
    guestfish --format=raw -N "$work/plain.raw=disk:2G" <<FISH
part-init /dev/sda mbr
part-add /dev/sda p 2048 -2048
part-set-bootable /dev/sda 1 true
mkfs ext4 /dev/sda1
mount /dev/sda1 /
tar-in $work/root.tar /
FISH
    qemu-img convert -c -O qcow2 -o compression_type=zstd "$work/plain.raw" "$work/plain.qcow2"
}
packages=systemd,systemd-sysv,udev,dbus,linux-image-cloud-amd64,iproute2,fdisk

echo "== $(nproc) cores, load $(cut -d' ' -f1-3 /proc/loadavg), medians of $runs"
base_recipe
for what; do
    case $what in
        rebuild) compare rebuild rebuild virt_tools ;;
        introspect)
            [ -f "$work/changed.qcow2" ] || { prepare_rebuild 0; run_rebuild >/dev/null 2>&1; }
            compare introspect introspect virt_inspector
            ;;
        bootstrap) compare bootstrap bootstrap mmdebstrap_libguestfs ;;
        *) echo "no comparison '$what'" >&2; exit 2 ;;
    esac
done
