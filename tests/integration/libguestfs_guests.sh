#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Guests that only libguestfs opens, changed and read: XFS on LVM in LUKS, with RPM. Each of its machines takes a quarter of
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
requires qemu-img --version
requires bash -c 'ls /boot/vmlinuz-*'
requires find /usr/lib/x86_64-linux-gnu/guestfs/supermin.d/packages-xfs
export LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=force_tcg
cd "$work"

make_root_tree tree
make_rpm_tree tree
printf '/dev/vg/root / xfs defaults 0 0\n/dev/sda1 /boot ext4 defaults 0 0\n' >tree/etc/fstab
tar -C tree --numeric-owner --owner=0 --group=0 -cf root.tar .
truncate -s 700M luks.raw
{
    echo "add-drive luks.raw format:raw cachemode:unsafe discard:besteffort"
    printf '%s\n' "set-memsize 2048" run
    make_luks_commands /dev/sda "open sesame"
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
