#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every recipe that is shipped, built by each executor: the same entries in all three disks, compared one by one. As root.
#   tests/e2e/larger/executors.sh [RECIPE…]
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/integration/list_disk.sh
. "$SOURCE_DIR/tests/integration/list_disk.sh"
new_home
PATH=$PATH:/usr/sbin:/sbin
export LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=force_tcg
work=$HOME_DIR
mkdir "$work/at"
[ $# -gt 0 ] || set -- debian-base nginx postgres python-app haproxy java-app lamp-web lamp-db
for name in "$@"; do
    for executor in compose mount libguestfs; do
        start=$SECONDS
        "$MUSTER" --quiet build "$SOURCE_DIR/templates/$name" --executor "$executor" -o "$work/$executor.raw" >/dev/null
        list_disk "$work/$executor.raw" >"$work/$executor.list"
        say "$name by $executor: $(wc -l <"$work/$executor.list") entries after $((SECONDS - start)) s"
        rm "$work/$executor.raw"
        [ "$(wc -l <"$work/$executor.list")" -gt 1000 ] || fail "$name: entries are lost"
        diff "$work/compose.list" "$work/$executor.list" >"$work/differences" ||
            fail "$name: $executor made other files than compose: $(head -n 20 "$work/differences")"
    done
done
say "passed"
