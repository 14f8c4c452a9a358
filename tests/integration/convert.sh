#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# muster convert as a user types it: there and back through every form, pipes, and what it refuses.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
requires command -v qemu-img

cd "$work"
head -c 3000000 /dev/urandom >disk.raw
seq 400000 >>disk.raw
truncate -s 40M disk.raw

"$MUSTER" convert disk.raw disk.ova --cpus 2 --memory 2GiB --name shop >/dev/null
"$MUSTER" verify disk.ova >/dev/null
expect_exit 0 "$MUSTER" inspect disk.ova
expect_text "$out" shop
"$MUSTER" convert disk.ova back.qcow2 >/dev/null
qemu-img check -q -f qcow2 back.qcow2
qemu-img compare -q -f qcow2 -F raw back.qcow2 disk.raw || fail "adoption changed the disk"
"$MUSTER" convert disk.ova back.raw >/dev/null
cmp disk.raw back.raw
expect_exit 0 "$MUSTER" --json convert back.qcow2 fast.ova --fast
expect_text "$out" '"to": "ova"'
"$MUSTER" convert - piped.qcow2 --from ova <fast.ova >/dev/null # a stream: the manifest comes late
qemu-img compare -q -f qcow2 -F raw piped.qcow2 disk.raw || fail "a package from a pipe"

# Into a pipe the bytes are the same as into a file, but for the place kept for sizes.
"$MUSTER" --quiet convert disk.raw - --to vmdk 2>/dev/null >piped.vmdk
qemu-img compare -q -f vmdk -F raw piped.vmdk disk.raw || fail "a VMDK into a pipe"
"$MUSTER" --quiet convert disk.raw - --to ova 2>/dev/null >piped.ova
"$MUSTER" verify piped.ova >/dev/null

for format in vmdk vdi vpc vhdx qcow2; do
    qemu-img convert -f raw -O "$format" disk.raw "other.$format"
    qemu-img convert -f "$format" -O raw "other.$format" expected.raw
    "$MUSTER" --quiet convert "other.$format" other.raw
    cmp expected.raw other.raw || fail "from $format"
done
qemu-img convert -f raw -O vmdk -o subformat=twoGbMaxExtentFlat disk.raw parts.vmdk
"$MUSTER" --quiet convert parts.vmdk parts.qcow2
qemu-img compare -q -f qcow2 -F raw parts.qcow2 disk.raw || fail "from a VMDK in parts"

# Nothing of a damaged package is kept, and what was there stays.
cp disk.ova bad.ova
printf X | dd of=bad.ova bs=1 seek=1500000 conv=notrunc status=none
echo before >kept.qcow2
expect_exit 4 "$MUSTER" convert bad.ova kept.qcow2
grep -q before kept.qcow2 || fail "the output was touched"
[ -z "$(find . -name '.*.tmp')" ] || fail "something was left behind"

# A qcow2 that leads to another file is never followed.
qemu-img create -q -f qcow2 -F raw -b /etc/passwd lead.qcow2 1M
expect_exit 5 "$MUSTER" convert lead.qcow2 lead.raw
expect_exit 2 "$MUSTER" convert disk.raw disk.unknown
expect_exit 2 "$MUSTER" convert disk.raw - --to raw
expect_exit 3 "$MUSTER" convert none.raw out.qcow2
expect_exit 3 "$MUSTER" convert disk.ova out.qcow2 --disk nothing
expect_exit 5 "$MUSTER" convert disk.ova out.vmdk
