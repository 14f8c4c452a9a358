#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Guests that only libguestfs opens, changed and read: XFS on LVM in LUKS, with RPM; NTFS, with the registry of a Windows. Each of its machines takes a quarter of
# a minute emulated, and several times that where others compute.
# shellcheck source=tests/integration/functions.sh
. "$MUSTER_SOURCE_DIR/tests/integration/functions.sh"
# shellcheck source=tests/integration/root_tree.sh
. "$MUSTER_SOURCE_DIR/tests/integration/root_tree.sh"
# shellcheck source=tests/integration/guests.sh
. "$MUSTER_SOURCE_DIR/tests/integration/guests.sh"
requires busybox --help
requires guestfish --version
requires rpmbuild --version
requires command -v hivexregedit
requires qemu-img --version
requires python3 --version
requires bash -c 'ls /boot/vmlinuz-*'
requires find /usr/lib/x86_64-linux-gnu/guestfs/supermin.d/packages-xfs
export LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=force_tcg
cd "$work"

make_root_tree tree
make_rpm_tree tree
printf '/dev/vg/root / xfs defaults 0 0\n/dev/sda1 /boot ext4 defaults 0 0\n' >tree/etc/fstab
tar -C tree --numeric-owner --owner=0 --group=0 -cf root.tar .
make_windows_tree windows
tar -C windows -cf windows.tar .
truncate -s 700M luks.raw
truncate -s 60M windows.raw
{
    echo "add-drive luks.raw format:raw cachemode:unsafe discard:besteffort"
    echo "add-drive windows.raw format:raw cachemode:unsafe discard:besteffort"
    printf '%s\n' "set-memsize 2048" run
    make_luks_commands /dev/sda "open sesame"
    make_ntfs_commands /dev/sdb
} >commands
guestfish --keys-from-stdin <commands
qemu-img convert -O qcow2 luks.raw luks.qcow2
rm luks.raw
before=$(sha256sum <luks.qcow2)

# Without a key nothing happens, and no key is told.
printf 'open sesame\n' >key
expect_exit 2 "$MUSTER" customize luks.qcow2 --key all:open-sesame --mkdir /srv/a
case $err in *sesame*) fail "a key is told: $err" ;; esac
expect_exit 5 "$MUSTER" customize luks.qcow2 --executor mount --key all:file:key --mkdir /srv/a
[ "$(sha256sum <luks.qcow2)" = "$before" ] || fail "the image was changed"

# Operations of all kinds, in order; packages by the guest's own package manager; a second file system.
mkdir site
echo page >site/index.html
printf '#!/bin/sh\necho script >/srv/script\n' >script
expect_exit 0 "$MUSTER" customize luks.qcow2 -o changed.qcow2 --key all:file:key -v \
    --install extra-sample --write "/srv/text:it's \$HOME" --append-line /srv/text:second --run script \
    --run-command 'cat /usr/lib/extra-sample/text >/srv/seen; [ ! -e /run/muster/key ]; echo boot >/boot/changed' \
    --copy-in site:/srv --upload site/index.html:/srv/page --chmod 0600:/srv/page --hostname changed --link /srv/page:/srv/link
case $err in *sesame*) fail "a key is told: $err" ;; esac
[ "$(sha256sum <luks.qcow2)" = "$before" ] || fail "the input was changed"

# A step that fails leaves the image as it was; what is checked here is what the first run made.
before=$(sha256sum <changed.qcow2)
# shellcheck disable=SC2016  # the guest's shell expands it
expect_exit 9 "$MUSTER" customize changed.qcow2 --key all:file:key --run-command '
    set -- $(cat /srv/seen /srv/script /srv/page /srv/site/index.html /etc/hostname /boot/changed)
    [ "$*" = "extra-sample 2.5 script page page changed boot" ]
    [ "$(cat /srv/text)" = "$(printf "it'\''s \$HOME\nsecond")" ]
    [ "$(stat -c %a-%u /srv/page) $(readlink -f /srv/link) $(ls /run)" = "600-0 /srv/page lock
muster" ]
    /usr/bin/rpm --dbpath /var/lib/rpm -q base-sample extra-sample
    echo "all was as it should be"
    exit 3'
expect_text "$err" "all was as it should be"
expect_text "$err" "extra-sample-2.5-1"
[ "$(sha256sum <changed.qcow2)" = "$before" ] || fail "the image was changed"

# What it says of itself: the system, packages of RPM, services.
expect_exit 0 "$MUSTER" introspect changed.qcow2 --key all:file:key --json
printf '%s' "$out" | python3 -c '
import json, sys
machine = json.load(sys.stdin)["machines"][0]
assert machine["os"]["pretty_name"] == "Fedora Linux 39 (Sample)", machine["os"]
assert machine["os"]["hostname"] == "changed", machine["os"]
packages = {p["name"]: p["version"] for p in machine["packages"]}
assert packages == {"base-sample": "1.0-1", "extra-sample": "2.5-1"}, packages
services = {s["unit"]: s for s in machine["services"]}
assert services["sample.service"]["enabled"], services
' || fail "the facts are others: $out"

# A registry: nothing for Linux, and the other way round; then a key of each kind, read again.
cat >changes.reg <<'REG'
Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion]
"ProductName"="Windows Server 2022 Muster"

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Added]
"Start"=dword:00000002
"Type"=dword:00000010
"ImagePath"=hex(2):43,00,3a,00,5c,00,\
  61,00,2e,00,65,00,78,00,65,00,00,00

[-HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\W3SVC]
REG
iconv -t UTF-16 <changes.reg >utf16.reg
expect_exit 4 "$MUSTER" customize windows.raw --registry-merge key
expect_exit 0 "$MUSTER" customize windows.raw -o merged.qcow2 --registry-merge utf16.reg
expect_exit 0 "$MUSTER" introspect merged.qcow2 --json
printf '%s' "$out" | python3 -c '
import json, sys
machine = json.load(sys.stdin)["machines"][0]
system = machine["os"]
assert (system["id"], system["version_id"], system["architecture"]) == ("windows", "10.0", "amd64"), system
assert (system["pretty_name"], system["hostname"]) == ("Windows Server 2022 Muster", "WIN-SHOP"), system
packages = {p["name"]: p["version"] for p in machine["packages"]}
assert packages == {"Sample Agent": "4.2.1"}, packages
services = {s["unit"]: s for s in machine["services"]}
assert list(services) == ["Added"] and services["Added"]["program"] == "C:\\a.exe", services
' || fail "the facts are others: $out"
