#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Disks in a package: percent-encoded names, images of any format, growth, compressed files.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/pack_samples.sh
. "$(dirname "$0")/pack_samples.sh"
requires qemu-img --version
cd "$work"

# content PACKAGE DISK IMAGE: the disk of the package has the bytes of the image.
content() {
    "$MUSTER" convert "$1" content.raw --disk "$2" --quiet
    qemu-img compare -q -f raw -F "${4:-raw}" content.raw "$3" || fail "disk $2 of $1 is not $3"
    rm content.raw
}

# members FILE: their names on one line.
members() {
    tar -tf "$1" | tr '\n' ' '
}

make_images
"$MUSTER" convert web.raw web.ova --quiet

# The href is percent-encoded, the member is not.
mkdir spaced
tar -xf web.ova -C spaced
sed -i 's/href="web-disk1.vmdk"/href="a%20disk.vmdk"/' spaced/web.ovf
mv spaced/web-disk1.vmdk 'spaced/a disk.vmdk'
rm spaced/web.mf
tar --format=ustar -cf spaced.ova -C spaced web.ovf 'a disk.vmdk'
expect_exit 0 "$MUSTER" unpack spaced.ova -o raw --disk-format raw
cmp 'raw/a disk.raw' web.raw
expect_text "$(cat raw/web.ovf)" 'href="a disk.raw"'
expect_exit 0 "$MUSTER" edit spaced.ova -o none.ova --remove-disk disk1
[ "$(members none.ova)" = "web.ovf web.mf " ] || fail "$(members none.ova)"
expect_exit 0 "$MUSTER" edit --merge web.ova spaced.ova -o both.ova
expect_exit 0 "$MUSTER" verify both.ova
expect_text "$(members both.ova)" "a disk.vmdk"
expect_exit 0 "$MUSTER" edit both.ova --split parts
expect_text "$(members parts/spaced-web.ova)" "a disk.vmdk"
expect_exit 0 "$MUSTER" verify parts/spaced-web.ova

# A disk grows with its content; the other files stay.
expect_exit 0 "$MUSTER" edit spaced.ova -o grown.ova --disk disk1,size=8MiB
expect_text "$err$out" "partitions and file systems in it are as they were"
expect_exit 0 "$MUSTER" verify grown.ova
expect_exit 0 "$MUSTER" lint grown.ova --target vcenter --target muster
expect_text "$(tar -xOf grown.ova web.ovf)" 'ovf:capacity="8388608"'
content grown.ova disk1 web.raw
tar -xOf grown.ova 'a disk.vmdk' >grown.vmdk
expect_text "$(qemu-img info grown.vmdk)" "8 MiB"
expect_exit 4 "$MUSTER" edit grown.ova -o less.ova --disk disk1,size=4MiB
expect_text "$err" "disk 'disk1' has a content of 8 MiB, which does not fit into 4 MiB"
[ ! -e less.ova ] || fail "a refused edit left its output"
expect_exit 0 "$MUSTER" edit grown.ova --dry-run --disk disk1,size=16MiB
expect_text "$out" '+    <Disk ovf:diskId="disk1" ovf:fileRef="file1" ovf:capacity="16777216"'
# In place, of a folder, and of two disks with one file, of which one grows.
expect_exit 0 "$MUSTER" edit spaced/web.ovf --disk disk1,size=16MiB
expect_exit 0 "$MUSTER" verify spaced/web.ovf
expect_text "$(qemu-img info 'spaced/a disk.vmdk')" "16 MiB"
mkdir twins
tar -xf web.ova -C twins
sed -i 's|<Disk \(.*\)diskId="disk1"\(.*\)/>|&<Disk \1diskId="twin"\2/>|' twins/web.ovf
rm twins/web.mf
expect_exit 0 "$MUSTER" edit twins -o twins.ova --disk twin,size=8MiB
expect_text "$(members twins.ova)" "web-disk1.vmdk twin.vmdk"
content twins.ova disk1 web.raw
content twins.ova twin web.raw
cmp <(tar -xOf twins.ova web-disk1.vmdk) twins/web-disk1.vmdk

# Compressed, the size of the content is known as well.
mkdir packed
tar -xf web.ova -C packed
gzip -n packed/web-disk1.vmdk
sed -i 's/href="web-disk1.vmdk" ovf:size="[0-9]*"/href="web-disk1.vmdk.gz" ovf:compression="gzip"/; s/ovf:capacity="[0-9]*"/ovf:capacity="2097152"/' packed/web.ovf
rm packed/web.mf
expect_exit 0 "$MUSTER" edit packed/web.ovf -o packed.ova --disk disk1,size=content
expect_text "$(tar -xOf packed.ova web.ovf)" 'ovf:capacity="4194304"'
expect_exit 0 "$MUSTER" edit packed/web.ovf -o unpacked.ova --disk disk1,size=8MiB
case $(tar -xOf unpacked.ova web.ovf) in *compression*) fail "the new file is not compressed" ;; esac
content unpacked.ova disk1 web.raw

# Images of any format become disks that every target takes; what is complete is taken as it is.
qemu-img convert -O vmdk -o subformat=streamOptimized web.raw qemu.vmdk
qemu-img convert -O vmdk web.raw sparse.vmdk
qemu-img convert -O vdi web.raw box.vdi
"$MUSTER" convert web.raw ours.vmdk --quiet
expect_exit 0 "$MUSTER" edit web.ova -o more.ova --add-disk qemu.vmdk,id=q --add-disk sparse.vmdk,id=s \
    --add-disk box.vdi,id=v --add-disk ours.vmdk,id=o
expect_exit 0 "$MUSTER" lint more.ova --target vcenter --target virtualbox
case $out in *VMDK-00[1-8]*) fail "$out" ;; esac
for disk in q s v o; do
    content more.ova $disk web.raw
done
cmp <(tar -xOf more.ova ours.vmdk) ours.vmdk
[ "$(tar -xOf more.ova web.ovf | grep -c populatedSize)" = 5 ] || fail "a disk has no populated size"

# Names say the new numbers.
expect_exit 0 "$MUSTER" edit web.ova -o named.ova --cpus 7 --memory 3GiB
text=$(tar -xOf named.ova web.ovf)
expect_text "$text" "<rasd:ElementName>7 CPUs</rasd:ElementName>"
expect_text "$text" "<rasd:ElementName>3 GiB of memory</rasd:ElementName>"
expect_exit 0 "$MUSTER" edit named.ova --cpus 1
expect_text "$(tar -xOf named.ova web.ovf)" "<rasd:ElementName>1 CPU</rasd:ElementName>"

# A file may be replaced by one of the same name.
echo one >notes.txt
expect_exit 0 "$MUSTER" edit web.ova -o notes.ova --add-file notes.txt
echo two >notes.txt
expect_exit 0 "$MUSTER" edit notes.ova --remove-file notes --add-file notes.txt
expect_exit 0 "$MUSTER" verify notes.ova
[ "$(tar -xOf notes.ova notes.txt)" = two ] || fail "the old file is still there"
[ -z "$(find . -name '.*.tmp' -o -name '.muster-*')" ] || fail "something was left: $(ls -A)"
