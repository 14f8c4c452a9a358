#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How long images and packages of the shipped recipes take: each recipe with an empty cache (its bases and the bootstrap
# included), then again with everything cached; then packing the guestbook from cached images. Whole processes; packages
# come through the host's apt configuration, so the cold figures move with the network and the disk.
#   tests/bench/bench_build.sh [RECIPE…]     (default: debian-base postgres python-app nginx)
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
MUSTER=${MUSTER:-$root/build/release/bin/muster}
[ -x "$MUSTER" ] || { echo "no program at $MUSTER: cmake --preset release && ninja -C build/release muster" >&2; exit 2; }
work=$(mktemp -d /tmp/muster-bench-XXXXXX)
trap 'rm -rf "$work"' EXIT
[ $# -gt 0 ] || set -- debian-base postgres python-app nginx

# timed COMMAND…: "elapsed s, CPU s" of it and of what it started.
timed() {
    /usr/bin/time -f '%e %U %S' -o "$work/time" "$@" >"$work/output" 2>&1 || { cat "$work/output" >&2; exit 1; }
    awk '{ printf "%.1f s (CPU %.1f s)", $1, $2 + $3 }' "$work/time"
}

echo "== $(nproc) cores, load $(cut -d' ' -f1-3 /proc/loadavg)"
for recipe; do
    export XDG_CACHE_HOME=$work/cache-$recipe
    cold=$(timed "$MUSTER" build "$root/templates/$recipe" -o "$work/$recipe.qcow2")
    cached=$(timed "$MUSTER" build "$root/templates/$recipe" -o "$work/$recipe.qcow2")
    printf '%-12s nothing cached %s, everything cached %s, %s MiB\n' "$recipe" "$cold" "$cached" \
        $(($(stat -c %s "$work/$recipe.qcow2") >> 20))
    rm -rf "$XDG_CACHE_HOME"
done

export XDG_CACHE_HOME=$work/cache-all
first=$(timed "$MUSTER" pack "$root/templates/guestbook" -o "$work/guestbook.ova")
again=$(timed "$MUSTER" pack "$root/templates/guestbook" -o "$work/guestbook.ova")
printf 'pack guestbook: nothing cached %s, images cached %s, %s MiB\n' "$first" "$again" \
    $(($(stat -c %s "$work/guestbook.ova") >> 20))
