#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# muster edit, unpack and pack of a folder: what is changed is changed, everything else is as it was,
# the result verifies, and what fails leaves nothing behind.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/sample_package.sh
. "$(dirname "$0")/sample_package.sh"
requires openssl version
cd "$work"

make_files
make_manifest
make_signer maker
sign_with maker
make_ova signed.ova shop.ovf disk.vmdk web.iso shop.mf shop.cert

# A dry run shows the difference and writes nothing.
cp signed.ova before.ova
expect_exit 0 "$MUSTER" edit signed.ova --dry-run --cpus 3 --annotation 'made by <us>'
expect_text "$out" '+        <rasd:VirtualQuantity>3</rasd:VirtualQuantity>'
expect_text "$out" '<Annotation>made by &lt;us&gt;</Annotation>'
cmp signed.ova before.ova

# To another file: the disk is the same, the descriptor differs where it should, the state is said.
expect_exit 0 "$MUSTER" edit signed.ova -o edited.ova --cpus 3 --property title=Bonjour
expect_text "$out" "edited.ova: manifest: renewed (SHA256); signature: dropped, sign again with: muster sign edited.ova"
expect_exit 0 "$MUSTER" verify edited.ova
expect_text "$out" "integrity  ok"
expect_text "$out" "signature  none"
mkdir old new
tar -xf signed.ova -C old
tar -xf edited.ova -C new
cmp old/disk.vmdk new/disk.vmdk
cmp old/web.iso new/web.iso
# A line for the CPUs and one for the property, each old and new.
[ "$(diff old/shop.ovf new/shop.ovf | grep -c '^[<>]')" = 4 ] || fail "$(diff old/shop.ovf new/shop.ovf)"
[ "$(tar -tf edited.ova | sed -n 1p)" = shop.ovf ] || fail "the descriptor is not first"

# In place, and signed at once; the mode of the file stays.
cp signed.ova place.ova
chmod 600 place.ova
expect_exit 0 "$MUSTER" edit place.ova --name Shop --key maker.key --cert maker.pem
expect_text "$out" "signature: made by CN=maker"
expect_exit 0 "$MUSTER" verify place.ova --trust maker.pem
[ "$(stat -c %a place.ova)" = 600 ] || fail "the mode changed"

# From standard input, and as JSON.
expect_exit 0 bash -c "cat signed.ova | $MUSTER edit - -o piped.ova --json --memory 3GiB"
expect_text "$out" '"manifest": "renewed (SHA256)"'
expect_text "$out" '"signature": "dropped"'
expect_exit 0 "$MUSTER" verify piped.ova
expect_exit 2 bash -c "cat signed.ova | $MUSTER edit - --memory 3GiB"

# A script says the same as the options.
cat >changes.yaml <<'YAML'
- cpus: 3
- property: { title: Bonjour }
YAML
expect_exit 0 "$MUSTER" edit signed.ova -o scripted.ova --script changes.yaml
cmp edited.ova scripted.ova

# A damaged package is not edited, and a refused change leaves nothing.
sed 's/dddd/dddx/' signed.ova >flipped.ova
expect_exit 4 "$MUSTER" edit flipped.ova -o gone.ova --cpus 2
expect_text "$err" "member 'disk.vmdk' does not match the manifest"
cp flipped.ova place.ova
expect_exit 4 "$MUSTER" edit place.ova --cpus 2
cmp flipped.ova place.ova
expect_exit 3 "$MUSTER" edit signed.ova -o gone.ova --nic 9,network=back
expect_exit 2 "$MUSTER" edit signed.ova -o gone.ova --cpus lots
expect_exit 2 "$MUSTER" edit signed.ova -o gone.ova
expect_text "$err" "no change is given"
expect_exit 2 "$MUSTER" edit signed.ova -o gone.ova --cpu 2
expect_exit 2 "$MUSTER" edit signed.ova -o gone.ova --property title
[ ! -e gone.ova ] || fail "a refused edit left its output"
[ -z "$(find . -name '.*.tmp' -o -name '.muster-*')" ] || fail "something was left: $(ls -A)"

# Files and disks come and go.
truncate -s 3M data.raw
printf 'hello' | dd of=data.raw bs=1 seek=100000 conv=notrunc status=none
echo notes >notes.txt
expect_exit 0 "$MUSTER" edit signed.ova -o more.ova --add-disk data.raw --add-file notes.txt --remove-disk sys
expect_exit 0 "$MUSTER" verify more.ova
expect_exit 0 "$MUSTER" unpack more.ova -o more --disk-format raw --only '*.ovf' --only data.vmdk
cmp more/data.raw data.raw
[ ! -e more/notes.txt ] || fail "--only gave more"
expect_text "$(cat more/shop.ovf)" 'data.raw'
members=$(tar -tf more.ova)
grep -qx notes.txt <<<"$members" || fail "the file is missing"
grep -qx disk.vmdk <<<"$members" && fail "the removed disk is still there"
expect_exit 4 "$MUSTER" edit more.ova --disk vmdisk,size=2MiB
expect_text "$err" "disk 'vmdisk' has a content of 3 MiB, which does not fit into 2 MiB"

# Unpack: byte for byte, the signature goes on to hold; pack takes it back.
expect_exit 0 "$MUSTER" unpack signed.ova -o folder
for file in shop.ovf disk.vmdk web.iso shop.mf shop.cert; do
    cmp "old/$file" "folder/$file"
done
expect_exit 7 "$MUSTER" unpack signed.ova -o folder
expect_exit 4 "$MUSTER" unpack flipped.ova -o broken
[ ! -e broken ] || fail "a damaged package left a folder"
expect_exit 3 "$MUSTER" unpack signed.ova -o some --only nothing
[ ! -e some ] || fail "a failed unpack left a folder"
expect_exit 0 "$MUSTER" unpack signed.ova -o some --only 'web.*'
[ "$(ls some)" = web.iso ] || fail "--only web.*: $(ls some)"
expect_exit 0 "$MUSTER" pack folder -o packed.ova
expect_text "$out" "manifest: kept (SHA256); signature: kept"
expect_exit 0 "$MUSTER" verify packed.ova --trust maker.pem
expect_exit 0 "$MUSTER" pack folder/shop.ovf -o packed2.ova --json
expect_text "$out" '"manifest": "kept (SHA256)"'
rm folder/shop.cert folder/shop.mf
expect_exit 0 "$MUSTER" pack folder -o packed3.ova --key maker.key --cert maker.pem
expect_text "$out" "manifest: added (SHA256); signature: made by CN=maker"
expect_exit 0 "$MUSTER" verify packed3.ova --trust maker.pem
cp -r old wrong
echo more >>wrong/web.iso
expect_exit 4 "$MUSTER" pack wrong -o gone.ova
[ ! -e gone.ova ] || fail "a damaged folder was packed"

# A folder package in place: files that stay are not touched, manifest and certificate follow.
cp -r old here
before=$(stat -c '%i %Y' here/disk.vmdk)
expect_exit 0 "$MUSTER" edit here --cpus 5 --add-file notes.txt
expect_text "$out" "manifest: renewed (SHA256); signature: dropped"
[ "$(stat -c '%i %Y' here/disk.vmdk)" = "$before" ] || fail "the disk was rewritten"
[ ! -e here/shop.cert ] || fail "the old certificate is still there"
(cd here && printf "%s " *) >here.txt
[ "$(cat here.txt)" = "disk.vmdk notes.txt shop.mf shop.ovf web.iso " ] || fail "$(cat here.txt)"
expect_exit 0 "$MUSTER" pack here -o here.ova
expect_exit 0 "$MUSTER" verify here.ova
expect_exit 0 "$MUSTER" edit old -o elsewhere --cpus 5
expect_exit 7 "$MUSTER" edit old -o elsewhere --cpus 6
expect_exit 0 "$MUSTER" edit old -o folder.ova --cpus 5
expect_exit 0 "$MUSTER" verify folder.ova

# Several packages become one assembly, and it falls apart into them again.
expect_exit 0 "$MUSTER" edit signed.ova -o web.ova --rename-network back=front
expect_exit 0 "$MUSTER" edit --merge signed.ova web.ova -o both.ova --key maker.key --cert maker.pem
expect_text "$err" "note: file 'disk.vmdk' of 'web' is the same as 'disk.vmdk': it is stored once"
expect_exit 0 "$MUSTER" verify both.ova --trust maker.pem
expect_exit 0 "$MUSTER" inspect both.ova
expect_text "$out" "web-db"
expect_exit 2 "$MUSTER" edit both.ova --cpus 1
expect_text "$err" "--system db, --system web-db"
expect_exit 0 "$MUSTER" edit both.ova --split parts
expect_text "$out" "parts/web-db.ova"
expect_text "$err" "note: file 'web.iso' is used by no machine: every part has it"
expect_exit 0 "$MUSTER" verify parts/db.ova
expect_exit 0 "$MUSTER" verify parts/web-db.ova
[ "$(tar -tf parts/db.ova | tr '\n' ' ')" = "db.ovf disk.vmdk web.iso db.mf " ] || fail "$(tar -tf parts/db.ova)"
expect_exit 7 "$MUSTER" edit both.ova --split parts
expect_exit 4 "$MUSTER" edit parts/db.ova --split single
expect_exit 0 "$MUSTER" edit both.ova --remove-machine db
members=$(tar -tf both.ova)
grep -qx disk.vmdk <<<"$members" || fail "the disk that the other machine has too is gone"
expect_exit 0 "$MUSTER" verify both.ova
