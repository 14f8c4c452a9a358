#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Edited and unpacked packages on a disk that fails: whatever call goes wrong, the old package is as it was or the new
# one is complete, and nothing else lies around.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/sample_package.sh
. "$(dirname "$0")/sample_package.sh"
requires test -f "${FAILING_IO_LIBRARY:-}"
cd "$work"
export SOURCE_DATE_EPOCH=1700000000
mkdir old
(cd old && make_files && make_manifest && make_ova shop.ova shop.ovf disk.vmdk web.iso shop.mf)
mkdir old/folder
mv old/shop.ovf old/disk.vmdk old/web.iso old/shop.mf old/folder

# survives COMMAND…: beside the good result, only the state before it may be seen after a failure.
survives() {
    local kind n failed=0 status
    rm -rf good
    cp -a old good
    (cd good && "$@") >log 2>&1 || fail "a good run of '$*' failed: $(cat log)"
    for kind in read write sync rename; do
        for ((n = 1; ; n = n < 12 ? n + 1 : n + n / 2)); do
            rm -rf now mark
            cp -a old now
            status=0
            (cd now && FAILING_IO="$kind $n 5" FAILING_IO_MARK=$work/mark LD_PRELOAD=$FAILING_IO_LIBRARY "$@") \
                >log 2>&1 || status=$?
            [ -e mark ] || break
            diff -r old now >difference 2>&1 || diff -r good now >difference 2>&1 ||
                fail "$kind $n of '$*' left something: $(cat difference log)"
            [ "$status" = 0 ] && continue
            failed=$((failed + 1))
            expect_text "$(cat log)" "muster: error: "
        done
        [ "$status" = 0 ] || fail "'$*' gave $status without a failing $kind: $(cat log)"
    done
    echo "$failed failures of '$*'"
    [ $failed -ge 4 ] || fail "the library did not come into play"
}

survives "$MUSTER" edit shop.ova -o new.ova --cpus 3
survives "$MUSTER" edit shop.ova --cpus 3
survives "$MUSTER" edit folder --cpus 3 --add-file shop.ova
survives "$MUSTER" unpack shop.ova -o unpacked
survives "$MUSTER" pack folder -o new.ova
