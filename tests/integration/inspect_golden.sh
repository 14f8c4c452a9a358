#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# muster inspect --json of products' descriptors ($MUSTER_CORPUS) says what it said when the expected files were made.
# ACCEPT=1 makes them anew. They hold facts, not the products' texts: shorten_json.py takes those out.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
requires_corpus
requires python3 --version
expected=$MUSTER_SOURCE_DIR/tests/data/ovfkit/inspect
count=0

# golden NAME DESCRIPTOR OPTION…
golden() {
    local name=$1 descriptor=$2
    shift 2
    "$MUSTER" inspect "$MUSTER_CORPUS/$descriptor" --json "$@" >"$work/raw.json" || fail "inspect $descriptor"
    python3 "$MUSTER_SOURCE_DIR/tests/integration/shorten_json.py" <"$work/raw.json" >"$work/$name.json"
    if [ "${ACCEPT:-}" = 1 ]; then
        mkdir -p "$expected"
        cp "$work/$name.json" "$expected/$name.json"
    fi
    diff -u "$expected/$name.json" "$work/$name.json" >&2 || fail "inspect --json of $descriptor has changed"
    count=$((count + 1))
}

for path in "$MUSTER_CORPUS"/govmomi/ovf/fixtures/vmware/*.ovf; do
    name=$(basename "$path" .ovf)
    golden "${name%%-9.*}" "govmomi/ovf/fixtures/vmware/$(basename "$path")"
done
for name in photon5 ubuntu24.10 virtualsystemcollection; do
    golden "$name" "govmomi/ovf/fixtures/$name.ovf"
done
for name in ubuntu.2.0 iosv csr1000v_2017 vmware v0.9; do
    golden "$name" "cot/COT/tests/$name.ovf"
done

# In French, and in the largest of its sizes.
golden nsx-french govmomi/ovf/fixtures/vmware/nsx-unified-appliance-9.1.0.0.25262063.ovf --lang fr --configuration large
[ "$count" -ge 10 ] || fail "only $count descriptors were compared"
