#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The executors make the same files of one recipe: compose, mount and libguestfs, entry by entry; and libguestfs what the others
# cannot write: XFS, btrfs, LVM. It reads such disks too. Under emulation each of its machines takes half a minute.
# shellcheck source=tests/integration/functions.sh
. "$MUSTER_SOURCE_DIR/tests/integration/functions.sh"
# shellcheck source=tests/integration/root_tree.sh
. "$MUSTER_SOURCE_DIR/tests/integration/root_tree.sh"
# shellcheck source=tests/integration/list_disk.sh
. "$MUSTER_SOURCE_DIR/tests/integration/list_disk.sh"
PATH=$PATH:/usr/sbin:/sbin
requires busybox --help
requires setfattr --version
requires guestfish --version
requires bash -c 'ls /boot/vmlinuz-*'
requires test "$(id -u)" = 0
requires unshare --mount true
truncate -s 1M "$work/loop"
mke2fs -q "$work/loop"
mkdir "$work/at"
requires unshare --mount mount -o loop "$work/loop" "$work/at"
export LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=force_tcg
unset SOURCE_DATE_EPOCH

make_root_tree "$work/tree"
mkdir -p "$work/tree/usr/lib/systemd"
: >"$work/tree/usr/lib/systemd/systemd"
(
    cd "$work/tree/usr/lib"
    setfattr -n user.note -v text numbers
    setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 random
    setfacl -m u:33:r numbers
    cp random setuid && chmod 4755 setuid
    ln numbers second-name
    truncate -s 5M hole && printf x >>hole
    mkfifo pipe
    : >$'odd\n name \303\244'
    printf 'ID=debian\nPRETTY_NAME="Debian 12"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n' >../../etc/os-release
    find ../.. -exec touch -h -d @1600000000 {} +
)
tar -C "$work/tree" --sort=name --numeric-owner --owner=0 --group=0 --xattrs --acls -cf "$work/root.tar" .
recipe() {
    mkdir -p "$work/$1"
    printf '%s\n' "name: box" "guest: false" "source: $2" "run: [ 'echo made >/root/made; mkdir -p /srv/a; chown 33:33 /srv/a' ]" \
        "disk: { size: $3 }" >"$work/$1/recipe.yaml"
}
recipe plain "{ tarball: ../root.tar }" "300 MiB"

for executor in compose mount libguestfs; do
    expect_exit 0 "$MUSTER" build "$work/plain" --executor "$executor" -o "$work/$executor.raw"
    list_disk "$work/$executor.raw" >"$work/$executor.list"
done
grep -q "usr/lib/second-name.*usr/lib/numbers" "$work/compose.list" || fail "a hard link is lost: $(cat "$work/compose.list")"
grep -q "security.capability" "$work/compose.list" || fail "a capability is lost"
grep -q "srv/a' 0o40755 33 33" "$work/compose.list" || fail "an owner is lost"
[ "$(wc -l <"$work/compose.list")" -gt 50 ] || fail "entries are lost"
diff "$work/compose.list" "$work/mount.list" || fail "mount made other files than compose"
diff "$work/compose.list" "$work/libguestfs.list" || fail "libguestfs made other files than compose"
expect_exit 0 "$MUSTER" build "$work/plain" --executor mount --explain
expect_text "$out" "executor: mount"

# A step that fails leaves nothing mounted, and the disk when that is wanted.
mkdir "$work/failing"
sed 's/echo made/exit 3/' "$work/plain/recipe.yaml" >"$work/failing/recipe.yaml"
expect_exit 9 "$MUSTER" build "$work/failing" --executor mount --keep -o "$work/x.raw"
expect_text "$err" "the disk is kept in"
! grep -q muster /proc/mounts || fail "something is mounted: $(grep muster /proc/mounts)"
[ -z "$(losetup --associated "$work/x.raw")" ] || fail "a loop device is left"

# What only libguestfs makes, and reads again.
if [ -n "$(find /usr/lib/x86_64-linux-gnu/guestfs/supermin.d -name '*xfs*' 2>/dev/null)" ]; then
    recipe xfs "{ tarball: ../root.tar }" "400 MiB, filesystem: xfs"
    expect_exit 0 "$MUSTER" build "$work/xfs" --explain
    expect_text "$out" "only libguestfs makes xfs"
    expect_exit 5 "$MUSTER" build "$work/xfs" --executor compose -o "$work/x.raw"
    expect_text "$err" "--executor=libguestfs"
    expect_exit 0 "$MUSTER" build "$work/xfs" -o "$work/xfs.raw"
    list_disk "$work/xfs.raw" norecovery trusted.SGI_ACL_FILE >"$work/xfs.list"
    differing='^[<>] .*(etc/fstab|boot/|boot.)'
    diff "$work/compose.list" "$work/xfs.list" | grep '^[<>]' | grep -vE "$differing" >"$work/differences" || true
    [ ! -s "$work/differences" ] || fail "the files in XFS are others: $(cat "$work/differences")"
    recipe again "{ disk: ../xfs.raw, release: bookworm }" "300 MiB"
    expect_exit 5 "$MUSTER" build "$work/again" -o "$work/x.raw"
    expect_text "$err" "--executor=libguestfs"
    expect_exit 0 "$MUSTER" build "$work/again" --executor libguestfs -o "$work/again.raw"
    list_disk "$work/again.raw" >"$work/again.list"
    diff "$work/compose.list" "$work/again.list" | grep '^[<>]' | grep -vE "$differing" >"$work/differences" || true
    [ ! -s "$work/differences" ] || fail "the files out of XFS are others: $(cat "$work/differences")"
fi

# What only libguestfs reads is captured by its help: the same files, in ext4 behind our boot loaders.
if [ -e "$work/xfs.raw" ]; then
    head -c 5000 /dev/urandom >"$work/muster-guest"
    MUSTER_GUEST=$work/muster-guest expect_exit 0 "$MUSTER" capture "box=$work/xfs.raw" -o "$work/box.ova" --keep-identity
    expect_exit 0 "$MUSTER" unpack "$work/box.ova" -o "$work/unpacked"
    qemu-img convert -O raw "$(find "$work/unpacked" -name "*.vmdk" -o -name "*.qcow2" | head -n 1)" "$work/captured.raw"
    list_disk "$work/captured.raw" >"$work/captured.list"
    for name in usr/lib/numbers usr/lib/setuid root/made srv/a usr/lib/hole; do
        [ "$(grep -F "'$name' " "$work/xfs.list")" = "$(grep -F "'$name' " "$work/captured.list")" ] ||
            fail "$name is another in the captured machine: $(grep -F "'$name' " "$work/captured.list")"
    done
fi
[ ! -e "$work/x.raw" ] || fail "something was written"
