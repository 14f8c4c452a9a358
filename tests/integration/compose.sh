#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Recipes that start from a tarball: straight into a disk, and with steps that run in it; the formats hold the same; root and an
# ordinary user get the same bytes; what is wrong with the tarball is said.
# shellcheck source=tests/integration/functions.sh
. "$MUSTER_SOURCE_DIR/tests/integration/functions.sh"
PATH=$PATH:/usr/sbin:/sbin
requires busybox --help
requires qemu-img --version
requires e2fsck -V
chmod 755 "$work"
export XDG_CACHE_HOME=$work/cache
unset SOURCE_DATE_EPOCH

# shellcheck source=tests/integration/root_tree.sh
. "$MUSTER_SOURCE_DIR/tests/integration/root_tree.sh"
make_root_tree "$work/tree"
tar -C "$work/tree" --sort=name --numeric-owner --owner=0 --group=0 -cf "$work/root.tar" --exclude=./var/www/page .
tar -C "$work/tree" --numeric-owner --owner=33 --group=33 -rf "$work/root.tar" ./var/www/page
zstd -q "$work/root.tar" -o "$work/root.tar.zst"
digest=$(sha256sum "$work/root.tar" | cut -d' ' -f1)

# recipe NAME LINE…
recipe() {
    local name=$1
    shift
    mkdir -p "$work/$name"
    printf '%s\n' "guest: false" "$@" >"$work/$name/recipe.yaml"
}
recipe plain "source: { tarball: ../root.tar }"
recipe digest "source: { tarball: ../root.tar, sha256: $digest }" "disk: { size: 300 MiB, boot: [bios, uefi] }"
recipe packed "name: plain" "source: { tarball: ../root.tar.zst }"
recipe stepped "source: { tarball: ../root.tar.zst }" "run: [ 'echo made >/root/made; id -u >/root/id' ]"

# check_root DISK: its root file system is sound and holds the tree.
check_root() {
    local start
    qemu-img convert -O raw "$1" "$work/check.raw"
    start=$(($(sfdisk --json "$work/check.raw" |
        python3 -c 'import json,sys; print(json.load(sys.stdin)["partitiontable"]["partitions"][-1]["start"])') * 512))
    e2fsck -fn "$work/check.raw?offset=$start" >/dev/null 2>&1 || fail "$1: the file system is damaged"
    debugfs -R "dump /usr/lib/random $work/random" "$work/check.raw?offset=$start" 2>/dev/null
    cmp "$work/random" "$work/tree/usr/lib/random"
    debugfs -R "stat /var/www/page" "$work/check.raw?offset=$start" 2>/dev/null | grep -q "User: *33 " || fail "$1: an owner is lost"
    offset=$start
}

# Straight into a disk, as every format.
expect_exit 0 "$MUSTER" build "$work/plain" -o "$work/out/plain.qcow2"
expect_exit 0 qemu-img check "$work/out/plain.qcow2"
[ "$(cat "$work/out/plain.vmlinuz")" = kernel ] || fail "another kernel is beside the disk"
check_root "$work/out/plain.qcow2"
expect_exit 0 "$MUSTER" build "$work/plain" -o "$work/out/plain.raw"
expect_exit 0 "$MUSTER" build "$work/plain" -o "$work/out/plain.vmdk"
expect_exit 0 qemu-img compare -f qcow2 -F raw "$work/out/plain.qcow2" "$work/out/plain.raw"
expect_exit 0 qemu-img compare -f qcow2 -F vmdk "$work/out/plain.qcow2" "$work/out/plain.vmdk"
expect_exit 0 "$MUSTER" build "$work/digest" -o "$work/out/digest.qcow2"
check_root "$work/out/digest.qcow2"

# Again from nothing, and without a seam: the same bytes.
expect_exit 0 "$MUSTER" build --no-cache "$work/plain" -o "$work/out/again.qcow2"
cmp "$work/out/plain.qcow2" "$work/out/again.qcow2"

# A tarball that is not what the recipe says.
sed -i "s/$digest/${digest//[0-4]/5}/" "$work/digest/recipe.yaml"
expect_exit 4 "$MUSTER" build "$work/digest" -o "$work/out/x.qcow2"
expect_text "$err" "$digest"
recipe gone "source: { tarball: none.tar }"
expect_exit 3 "$MUSTER" build "$work/gone" -o "$work/out/x.qcow2"
recipe web "source: { tarball: 'https://example.org/root.tar' }"
expect_exit 4 "$MUSTER" build "$work/web" -o "$work/out/x.qcow2"
expect_text "$err" "needs its digest"
head -c 100000 "$work/root.tar" >"$work/short.tar"
recipe short "source: { tarball: ../short.tar }"
expect_exit 4 "$MUSTER" build "$work/short" -o "$work/out/x.qcow2"
expect_text "$err" "short.tar"
[ ! -e "$work/out/x.qcow2" ] || fail "something was written"
recipe packages "source: { tarball: ../root.tar }" "packages: [nginx]"
expect_exit 4 "$MUSTER" build "$work/packages" -o "$work/out/x.qcow2"
expect_text "$err" "release: bookworm"
[ -z "$(find "$work/cache/muster/work" -mindepth 1 ! -name '*.lock' 2>/dev/null)" ] || fail "a work folder is left"

# Steps run in the unpacked tree.
if unshare --mount --pid --fork true 2>/dev/null; then
    expect_exit 0 "$MUSTER" build "$work/stepped" -o "$work/out/stepped.qcow2"
    check_root "$work/out/stepped.qcow2"
    [ "$(debugfs -R "cat /root/made" "$work/check.raw?offset=$offset" 2>/dev/null)" = made ] || fail "the step did not run"
fi

# Root and an ordinary user: the straight way needs no rights at all, steps need subordinate ids.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null && command -v newuidmap >/dev/null; then
    cp "$MUSTER" "$work/muster"
    install -d -o 65534 -g 65534 "$work/user" "$work/user/out"
    echo "nobody:100000:65536" >"$work/subids"
    as_user() {
        # shellcheck disable=SC2016  # for the inner shell
        unshare --mount sh -c 'mount --bind "$0" /etc/subuid && mount --bind "$0" /etc/subgid && exec "$@"' "$work/subids" \
            setpriv --reuid=65534 --regid=65534 --clear-groups \
            env XDG_CACHE_HOME="$work/user/cache" HOME="$work/user" MUSTER_WORK_DIR="$work/user" "$work/muster" "$@"
    }
    expect_exit 0 as_user build "$work/plain" -o "$work/user/out/plain.qcow2"
    cmp "$work/out/plain.qcow2" "$work/user/out/plain.qcow2"
    expect_exit 0 env SOURCE_DATE_EPOCH=1600000000 "$MUSTER" build "$work/stepped" -o "$work/out/stepped.qcow2"
    export SOURCE_DATE_EPOCH=1600000000
    expect_exit 0 as_user build "$work/stepped" -o "$work/user/out/stepped.qcow2"
    cmp "$work/out/stepped.qcow2" "$work/user/out/stepped.qcow2"
fi
