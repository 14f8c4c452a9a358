#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Recipes on disks that are there: an image that muster made, the same as a package, with a package on top. What was in the
# disk is in the new one, what the recipe adds besides; it boots.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
new_home
PATH=$PATH:/usr/sbin

# The files of a disk's root file system, in a folder.
unpack_disk() {
    qemu-img convert -O raw "$1" "$HOME_DIR/raw"
    local start
    start=$(sfdisk --json "$HOME_DIR/raw" |
        json '[p["start"] for p in x["partitiontable"]["partitions"] if p["type"].startswith("0FC63DAF")][0]')
    mkdir "$2"
    debugfs -R "rdump / $2" "$HOME_DIR/raw?offset=$((start * 512))" 2>/dev/null
    rm "$HOME_DIR/raw"
}

say "a base image"
expect 0 "$MUSTER" build "$SOURCE_DIR/templates/debian-base" -o "$HOME_DIR/base.qcow2"
digest=$(sha256sum "$HOME_DIR/base.qcow2" | cut -d' ' -f1)

say "a recipe on it, with one package"
cat >"$HOME_DIR/top.yaml" <<EOF
name: top
source: { image: base.qcow2, sha256: $digest }
packages: [tree]
run: [ "echo made >/usr/share/made" ]
EOF
expect 0 "$MUSTER" build "$HOME_DIR/top.yaml" -o "$HOME_DIR/top.qcow2" --boot-test
expect 0 qemu-img check -f qcow2 "$HOME_DIR/top.qcow2"
unpack_disk "$HOME_DIR/base.qcow2" "$HOME_DIR/base"
unpack_disk "$HOME_DIR/top.qcow2" "$HOME_DIR/top"
[ -x "$HOME_DIR/top/usr/bin/tree" ] || fail "the package is not in the image"
[ "$(cat "$HOME_DIR/top/usr/share/made")" = made ] || fail "the step did not run"
[ "$(cat "$HOME_DIR/top/etc/hostname")" = top ] || fail "the image has another name"
# Nothing of the disk is lost, and nothing changed but what the package and the settings change.
diff -rq --no-dereference "$HOME_DIR/base" "$HOME_DIR/top" >"$HOME_DIR/differences" 2>/dev/null || true
changed='/(etc/(hostname|hosts|fstab)|boot/(grub/grub.cfg|initrd[^ ]*)|var/(lib/dpkg|cache|log)/[^ ]*|(usr/share|etc)/muster/[^ ]*)( |:|$)'
grep -vE "^Only in $HOME_DIR/top(/|:)|special file" "$HOME_DIR/differences" | grep -vE "$changed" >"$HOME_DIR/lost" || true
[ ! -s "$HOME_DIR/lost" ] || fail "changed: $(head -n 20 "$HOME_DIR/lost")"

say "the same out of a package"
expect 0 "$MUSTER" convert "$HOME_DIR/base.qcow2" "$HOME_DIR/base.ova" --name machine
cat >"$HOME_DIR/ova.yaml" <<'EOF'
name: top
source: { ova: base.ova, system: machine }
run: [ "echo made >/usr/share/made" ]
EOF
expect 0 "$MUSTER" build "$HOME_DIR/ova.yaml" -o "$HOME_DIR/ova.qcow2"
expect 0 "$MUSTER" cache ls
expect_text "tree of a disk"

say "what cannot be a start"
sed -i 's/machine }/nobody }/' "$HOME_DIR/ova.yaml"
expect 3 "$MUSTER" build "$HOME_DIR/ova.yaml" -o "$HOME_DIR/no.qcow2"
expect_text "holds no machine 'nobody'"
sed -i "s/$digest/$(printf '0%.0s' {1..64})/" "$HOME_DIR/top.yaml"
expect 4 "$MUSTER" build "$HOME_DIR/top.yaml" -o "$HOME_DIR/no.qcow2"
expect_text "is another one"
truncate -s 64M "$HOME_DIR/xfs.raw"
printf XFSB | dd of="$HOME_DIR/xfs.raw" conv=notrunc status=none
printf 'name: top\nsource: { disk: xfs.raw }\nrun: [ "true" ]\n' >"$HOME_DIR/xfs.yaml"
expect 5 "$MUSTER" build "$HOME_DIR/xfs.yaml" -o "$HOME_DIR/no.qcow2"
expect_text "the disk is XFS"
expect_text "libguestfs"
assert_nothing_left
say "passed"
