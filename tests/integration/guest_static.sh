#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# muster-guest runs in images of any age: it needs no library and no loader of theirs.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
: "${MUSTER_GUEST:?the muster-guest program to test}"
requires command -v readelf

headers=$(readelf --wide --program-headers "$MUSTER_GUEST")
case $headers in
    *INTERP*) fail "muster-guest wants a loader: $headers" ;;
esac
needed=$(readelf --wide --dynamic "$MUSTER_GUEST" | grep NEEDED || true)
[ -z "$needed" ] || fail "muster-guest needs libraries: $needed"
expect_exit 0 env -i "$MUSTER_GUEST" --help
