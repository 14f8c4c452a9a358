#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# muster inspect: packages and bare descriptors, as text and as JSON; passwords are never shown.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/sample_package.sh
. "$(dirname "$0")/sample_package.sh"
requires openssl version
cd "$work"

make_files
make_manifest
make_ova shop.ova shop.ovf disk.vmdk web.iso shop.mf

for what in shop.ova shop.ovf; do
    expect_exit 0 "$MUSTER" inspect "$what"
    expect_text "$out" "product    Shop 1.0 by Example"
    expect_text "$out" "machine    db (The database): 2 cpus, 512 MiB"
    expect_text "$out" "disk  1 GiB from 'disk.vmdk'"
    expect_text "$out" "nic   back"
    expect_text "$out" "network    back  inner"
    expect_text "$out" 'property title = "Hello"  (string, can be set)'
    expect_text "$out" "property secret = (hidden)  (password)"
    case $out$err in *hunter2*) fail "a password is shown" ;; esac

    expect_exit 0 "$MUSTER" inspect "$what" --json
    case $out$err in *hunter2*) fail "a password is in the JSON" ;; esac
    expect_text "$out" '"memory_bytes": 536870912'
    expect_text "$out" '"file": "disk.vmdk"'
done

# The same through a pipe.
expect_exit 0 bash -c "cat shop.ova | $MUSTER inspect - --json"
expect_text "$out" '"state": "ok"'
expect_exit 0 bash -c "cat shop.ovf | $MUSTER inspect - --json"
expect_text "$out" '"package": null'

# A damaged package is shown, and then refused.
sed 's/dddd/dddx/' shop.ova >flipped.ova
expect_exit 4 "$MUSTER" inspect flipped.ova
expect_text "$out" "machine    db"
expect_text "$out" "integrity  FAILED"
expect_text "$err" "does not match the manifest"

# Escape sequences in a name do not reach the terminal.
printf '%s' 's/The database/The \&#x9b;2J\&#x202e;database/' >edit.sed
sed -f edit.sed shop.ovf >evil.ovf
expect_exit 0 "$MUSTER" inspect evil.ovf
expect_text "$out" 'The \u009b2J\u202edatabase'

expect_exit 3 "$MUSTER" inspect gone.ova
