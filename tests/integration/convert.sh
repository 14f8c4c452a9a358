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

# A package is one whatever it is called: its disk comes out, checked, and never the archive's own bytes.
mkdir folder
tar -xf disk.ova -C folder
cp disk.ova called.tar
cp disk.ova called.raw
gzip -k disk.ova
python3 -m zipfile -c disk.zip folder/*
for package in folder folder/disk.ovf called.tar called.raw disk.ova.gz disk.zip; do
    "$MUSTER" --quiet convert "$package" out.raw
    cmp disk.raw out.raw || fail "from $package"
done
printf X | dd of=called.raw bs=1 seek=1500000 conv=notrunc status=none
expect_exit 4 "$MUSTER" convert called.raw out.qcow2
expect_text "$err" "does not match the manifest"

# What qemu-img wrote and vCenter refuses, mended in one step: footer, end-of-stream marker, version 3, new manifest.
make_old_package() { # DISK URI: old.ova around DISK, declared as URI
    rm -rf old
    mkdir old
    cp folder/disk.ovf old
    cp "$1" "old/$1"
    sed -i -e "s|href=\"disk-disk1.vmdk\"|href=\"$1\"|" -e "s|ovf:size=\"[0-9]*\"|ovf:size=\"$(stat -c %s "$1")\"|" \
        -e "s|ovf:format=\"[^\"]*\"|ovf:format=\"$2\"|" -e "s|ovf:capacity=\"[0-9]*\"|ovf:capacity=\"1073741824\"|" old/disk.ovf
    sed -i 's|<VirtualSystem |<!-- kept --><VirtualSystem |' old/disk.ovf
    (cd old && openssl dgst -sha256 disk.ovf "$1" | sed 's/^SHA2-256/SHA256/' >disk.mf &&
        tar --format=ustar -cf ../old.ova disk.ovf "$1" disk.mf)
}
qemu-img convert -f raw -O vmdk -o subformat=streamOptimized disk.raw plain.vmdk
make_old_package plain.vmdk 'http://www.vmware.com/specifications/vmdk.html#sparse'
"$MUSTER" lint old.ova --target vcenter >lint.txt || true
expect_text "$(cat lint.txt)" VMDK-004
"$MUSTER" convert old.ova new.ova >said
expect_text "$(cat said)" "manifest: renewed (SHA256); signature: none"
"$MUSTER" verify new.ova >/dev/null
"$MUSTER" lint new.ova --target vcenter >lint.txt || true
! grep -q VMDK- lint.txt || fail "the new package still has: $(cat lint.txt)"
mkdir new
tar -xf new.ova -C new
[ "$(cd new && echo *)" = "disk.mf disk.ovf plain.vmdk" ] || fail "members: $(ls new)"
expect_text "$(cat new/disk.ovf)" "<!-- kept -->"
expect_text "$(cat new/disk.ovf)" "ovf:capacity=\"$(stat -c %s disk.raw)\""
expect_text "$(cat new/disk.ovf)" "ovf:size=\"$(stat -c %s new/plain.vmdk)\""
expect_text "$(cat new/disk.ovf)" "vmdk.html#streamOptimized"
qemu-img compare -q -f vmdk -F raw new/plain.vmdk disk.raw || fail "the mended disk is another one"
"$MUSTER" --quiet convert - streamed.ova <old.ova
cmp new.ova streamed.ova || fail "a package from a pipe gives another OVA"
"$MUSTER" --quiet convert old.ova out.vmdk
qemu-img compare -q -f vmdk -F raw out.vmdk disk.raw || fail "the disk of a package as VMDK"

# Disks of other formats in a package, declared as the field does.
for format in qcow2 vdi vpc vhdx; do
    make_old_package "other.$format" "http://example.org/$format"
    qemu-img convert -f "$format" -O raw "other.$format" expected.raw
    "$MUSTER" --quiet convert old.ova out.raw
    cmp expected.raw out.raw || fail "$format in a package to raw"
    "$MUSTER" --quiet convert old.ova out.ova
    "$MUSTER" --quiet convert out.ova out.raw
    cmp expected.raw out.raw || fail "$format in a package to an OVA"
done
"$MUSTER" --quiet unpack disk.ova -o as-qcow2 --disk-format qcow2 >/dev/null
"$MUSTER" --quiet convert as-qcow2 out.raw
cmp disk.raw out.raw || fail "what unpack wrote is not read"
qemu-img create -q -f qcow2 -F raw -b /etc/passwd lead.qcow2 1M
make_old_package lead.qcow2 http://example.org/qcow2
expect_exit 5 "$MUSTER" convert old.ova lead.raw
expect_exit 5 "$MUSTER" convert old.ova lead.ova
if [ -e lead.raw ] || [ -e lead.ova ]; then
    fail "something of a refused disk is left"
fi

# Bytes that nothing marks are a disk only when they are called one, or the user says so.
cp disk.raw unmarked
expect_exit 2 "$MUSTER" convert unmarked out.qcow2
expect_text "$err" "--from raw"
"$MUSTER" --quiet convert unmarked out.qcow2 --from raw
qemu-img compare -q -f qcow2 -F raw out.qcow2 disk.raw || fail "--from raw"
cp disk.raw disk.IMG
"$MUSTER" --quiet convert disk.IMG out.qcow2
rm called.* out.* disk.ova.gz unmarked disk.IMG

# Nothing of a damaged package is kept, and what was there stays.
cp disk.ova bad.ova
printf X | dd of=bad.ova bs=1 seek=1500000 conv=notrunc status=none
echo before >kept.qcow2
expect_exit 4 "$MUSTER" convert bad.ova kept.qcow2
grep -q before kept.qcow2 || fail "the output was touched"
[ -z "$(find . -name '.*.tmp')" ] || fail "something was left behind"

# Of a disk that no digest covers every grain is inflated: what is damaged there is found, --lax or not.
mkdir unlisted
tar -xf disk.ova -C unlisted
(cd unlisted && sed -i /vmdk/d disk.mf && printf XXXX | dd of=disk-disk1.vmdk bs=1 seek=1500000 conv=notrunc status=none &&
    tar --format=ustar -cf ../unlisted.ova disk.ovf disk.mf disk-disk1.vmdk)
expect_exit 4 "$MUSTER" convert unlisted.ova unlisted.qcow2
expect_text "$err" "is not listed in the manifest"
expect_exit 4 "$MUSTER" convert unlisted.ova unlisted.qcow2 --lax
expect_text "$err" "disk-disk1.vmdk"

# A qcow2 that leads to another file is never followed.
qemu-img create -q -f qcow2 -F raw -b /etc/passwd lead.qcow2 1M
expect_exit 5 "$MUSTER" convert lead.qcow2 lead.raw
expect_exit 2 "$MUSTER" convert disk.raw disk.unknown
expect_exit 2 "$MUSTER" convert disk.raw - --to raw
expect_exit 3 "$MUSTER" convert none.raw out.qcow2
expect_exit 3 "$MUSTER" convert disk.ova out.qcow2 --disk nothing
expect_exit 5 "$MUSTER" convert disk.raw out.vhdx
expect_text "$err" "qemu-img"
expect_exit 5 "$MUSTER" convert disk.ova disk.out --to vdi
expect_exit 2 "$MUSTER" convert disk.raw out.ovf
expect_exit 2 "$MUSTER" convert disk.raw out.ova --memory banana
expect_text "$err" "banana"
expect_exit 2 "$MUSTER" convert disk.ova - --to vmdk
expect_exit 2 "$MUSTER" convert disk.ova out.ova --cpus 2
expect_exit 2 "$MUSTER" convert disk.ova out.ova --disk disk1

# A word that is no verb is named, and one like it offered.
expect_exit 2 "$MUSTER" frobnicate
expect_text "$err" "there is no verb 'frobnicate'"
expect_exit 2 "$MUSTER" --quiet convrt a b
expect_text "$err" "did you mean 'muster convert'?"
expect_exit 2 "$MUSTER" job frobnicate
expect_text "$err" "there is no verb 'frobnicate'"
expect_exit 2 "$MUSTER"
