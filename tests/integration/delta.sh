#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Disks that share a base are stored as what differs: packed, verified, shown, and out again as the same bytes.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"

cd "$work"
mkdir shop
head -c 6M /dev/urandom >shop/base.raw
cp shop/base.raw shop/web.raw
head -c 200000 /dev/urandom | dd of=shop/web.raw bs=1M seek=2 conv=notrunc status=none
dd if=/dev/zero of=shop/web.raw bs=64k count=4 seek=8 conv=notrunc status=none
truncate -s 20M shop/web.raw
cp shop/web.raw shop/app.raw
head -c 100000 /dev/urandom | dd of=shop/app.raw bs=1M seek=15 conv=notrunc status=none
cat >shop/assembly.yaml <<'YAML'
muster: 1
name: shop
version: 1.0.0
machines:
  app: { image: app.raw, memory: 64 MiB }
  web: { image: web.raw, memory: 64 MiB }
  db: { image: base.raw, memory: 64 MiB }
  big: { image: base.raw, memory: 64 MiB, disk: 32 MiB }
YAML

"$MUSTER" pack shop -o whole.ova >/dev/null
"$MUSTER" pack shop --delta-disks -o shop.ova >packed
grep -q '^app-disk.vmdk is a delta of base-disk.vmdk$' packed || fail "$(cat packed)"
grep -q '^web-disk.vmdk is a delta of app-disk.vmdk$' packed || fail "$(cat packed)"
[ "$(stat -c %s shop.ova)" -lt $((8 * 1000 * 1000)) ] || fail "deltas save nothing"
[ "$(stat -c %s whole.ova)" -gt $((20 * 1000 * 1000)) ] || fail "the disks are not what they were meant to be"
"$MUSTER" verify shop.ova >/dev/null
"$MUSTER" inspect shop.ova | grep -q "a delta of disk 'db-disk'" || fail "inspect"
"$MUSTER" --json inspect shop.ova | grep -q '"parent": "app-disk"' || fail "inspect --json"
"$MUSTER" diff whole.ova shop.ova >differences || true
grep -q 'parent' differences || fail "diff does not see that a disk is a delta: $(cat differences)"
"$MUSTER" up shop.ova --plan --allow-untrusted >plan
grep -q 'disk web-disk.vmdk .*a delta of app-disk.vmdk, a delta of base-disk.vmdk' plan || fail "$(cat plan)"

cp shop/base.raw shop/db.raw
cp shop/base.raw shop/big.raw
truncate -s 32M shop/big.raw
for machine in app web db big; do
    "$MUSTER" convert shop.ova "$machine.raw" --disk "$machine-disk" >/dev/null
    cmp "shop/$machine.raw" "$machine.raw" || fail "$machine out of a file"
    "$MUSTER" convert - "$machine.qcow2" --from ova --disk "$machine-disk" <shop.ova >/dev/null
    "$MUSTER" convert "$machine.qcow2" back.raw >/dev/null
    cmp "shop/$machine.raw" back.raw || fail "$machine out of a stream, to qcow2"
    "$MUSTER" convert shop.ova "$machine.vmdk" --disk "$machine-disk" >/dev/null
    "$MUSTER" convert "$machine.vmdk" whole.raw >/dev/null
    cmp whole.raw back.raw || fail "$machine: the VMDK is not the whole disk"
    rm whole.raw "$machine.vmdk"
done
[ -z "$(find . -name '.muster*')" ] || fail "a parent was left behind"

# Unpacked disks are whole, and the descriptor says so.
for format in raw qcow2; do
    "$MUSTER" unpack shop.ova -o "all.$format" --disk-format "$format" >/dev/null
    for machine in app web; do
        "$MUSTER" convert "all.$format/$machine-disk.$format" back.raw >/dev/null
        cmp "shop/$machine.raw" back.raw || fail "$machine unpacked to $format"
    done
    if grep parentRef "all.$format/shop.ovf"; then fail "a whole disk has a parent"; fi
done
"$MUSTER" unpack shop.ova -o one --disk-format raw --only web-disk.vmdk >/dev/null
cmp shop/web.raw one/web-disk.raw
[ "$(ls one)" = web-disk.raw ] || fail "more than was asked for: $(ls one)"

# A machine alone takes the disks along that its own is a delta of.
"$MUSTER" edit shop.ova --split parts >/dev/null
[ "$(tar -tf parts/web.ova | grep -c vmdk)" = 3 ] || fail "$(tar -tf parts/web.ova)"
expect_exit 5 "$MUSTER" convert shop.ova renewed.ova
expect_text "$err" "is a delta of disk"
[ ! -e renewed.ova ] || fail "a package is left that could not be made"
"$MUSTER" convert parts/web.ova split.raw --disk web-disk >/dev/null
cmp shop/web.raw split.raw
[ "$(tar -tf parts/db.ova | grep -c vmdk)" = 1 ] || fail "$(tar -tf parts/db.ova)"

# Two packages that have the same disk become one with one.
"$MUSTER" convert shop/base.raw one.ova --name one >/dev/null
cp one.ova two.ova
"$MUSTER" edit --merge one.ova two.ova -o both.ova >/dev/null 2>notes
grep -q 'it is stored once' notes || fail "$(cat notes)"
[ "$(tar -tf both.ova | grep -c vmdk)" = 1 ] || fail "$(tar -tf both.ova)"
"$MUSTER" verify both.ova >/dev/null
"$MUSTER" lint shop.ova --target muster >/dev/null || fail "lint for muster"
expect_exit 4 "$MUSTER" lint shop.ova --target virtualbox
