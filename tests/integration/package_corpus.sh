#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# muster inspect and verify on real packages from other projects ($MUSTER_CORPUS).
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
requires_corpus
cd "$MUSTER_CORPUS"

# govmomi's little OVA: manifest second, SHA1 in coreutils' form.
ttylinux=govmomi/vapi/library/testdata/ttylinux-pc_i486-16.1.ova
expect_exit 0 "$MUSTER" verify $ttylinux
expect_text "$out" "matches the manifest 'ttylinux-pc_i486-16.1.mf' (SHA1)"
expect_text "$out" "note       the manifest uses SHA1"
expect_exit 0 bash -c "cat $ttylinux | $MUSTER verify -"
expect_exit 0 "$MUSTER" inspect $ttylinux
expect_text "$out" "disk"
"$MUSTER" inspect $ttylinux >"$work/ttylinux" || fail "inspect"
sed 's/ttylinux-pc_i486-16.1-disk1.vmdk"/ttylinux-pc_i486-16.1-disk2.vmdk"/' $ttylinux >"$work/edited.ova"
expect_exit 4 "$MUSTER" verify "$work/edited.ova"
expect_text "$err" "member 'ttylinux-pc_i486-16.1.ovf' does not match the manifest (SHA1 expected "

# ganeti's are compressed, one is XML, one holds no descriptor.
for name in ova no_ovf; do
    test "$(head -c 2 ganeti/test/data/ovfdata/$name.ova | od -An -tx1 | tr -d ' ')" = 1f8b || fail "$name: no gzip"
    expect_exit 4 "$MUSTER" inspect ganeti/test/data/ovfdata/$name.ova
done
expect_text "$err" "there is no descriptor (a file named .ovf) in it"
expect_exit 4 bash -c "gunzip -c ganeti/test/data/ovfdata/ova.ova | $MUSTER inspect -"
expect_text "$err" "ganeti.ovf:8:5: disk 'vmdisk1' has no attribute 'capacity'"
expect_exit 4 bash -c "gunzip -c ganeti/test/data/ovfdata/no_ovf.ova | $MUSTER inspect -"
expect_text "$err" "there is no descriptor (a file named .ovf) in it"

# glance's: good, without its disk, without descriptor, bad XML, no tar.
glance=glance/glance/tests/var
expect_exit 0 "$MUSTER" inspect $glance/testserver.ova
expect_exit 4 "$MUSTER" inspect $glance/testserver-no-disk.ova
expect_text "$err" "the descriptor refers to 'testserver-disk1.vmdk', which is not in the package"
expect_exit 4 "$MUSTER" inspect $glance/testserver-no-ovf.ova
expect_exit 4 "$MUSTER" inspect $glance/testserver-bad-ovf.ova
expect_exit 4 "$MUSTER" inspect $glance/testserver-not-tar.ova
expect_text "$err" "is a PNG picture"
