#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Disks that boot by themselves: one image starts by BIOS and by UEFI in a bare QEMU, and in a machine with
# `firmware: efi` that is deployed and ready when its port answers. The file systems of the disk are sound.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
new_home
PATH=$PATH:/usr/sbin

say "a disk for both firmwares"
mkdir "$HOME_DIR/recipe" "$HOME_DIR/assembly"
cat >"$HOME_DIR/recipe/recipe.yaml" <<EOF
name: both
version: 1.0.0
from: $SOURCE_DIR/templates/nginx
disk: { size: 2 GiB, boot: [bios, uefi] }
# What debian-base excludes is out of the packages of the bootstrap and of the later ones; what it includes is in.
run:
  - test -s /usr/share/doc/dpkg/copyright && test -s /usr/share/doc/nginx/copyright
  - '! find /usr/share/doc /usr/share/man /usr/share/locale -type f ! -name copyright ! -name locale.alias | grep .'
EOF
expect 0 "$MUSTER" build "$HOME_DIR/recipe" -o "$HOME_DIR/web.raw"
expect 0 "$MUSTER" build "$HOME_DIR/recipe" -o "$HOME_DIR/web.qcow2"
expect 0 sfdisk --verify "$HOME_DIR/web.raw"
expect 0 sfdisk --json "$HOME_DIR/web.raw"
[ "$(json '[p["name"] for p in x["partitiontable"]["partitions"]]' <<<"$OUTPUT")" = "['bios-boot', 'efi', 'root']" ] ||
    fail "the partitions are others: $OUTPUT"
start=$(json 'x["partitiontable"]["partitions"][1]["start"]' <<<"$OUTPUT")
sectors=$(json 'x["partitiontable"]["partitions"][1]["size"]' <<<"$OUTPUT")
dd if="$HOME_DIR/web.raw" of="$HOME_DIR/esp" bs=512 skip="$start" count="$sectors" status=none
expect 0 fsck.vfat -n "$HOME_DIR/esp"
expect 0 mtype -i "$HOME_DIR/esp" ::/loader/entries/muster.conf
expect_text "options $(json 'x["kernel_command_line"]' <"$HOME_DIR/web.build.json")"

say "by BIOS"
boot_disk bios "$HOME_DIR/web.qcow2" "login:"
! grep -qa "EFI v" "$HOME_DIR/bios.console" || fail "that was no BIOS"
say "by UEFI"
boot_disk uefi "$HOME_DIR/web.raw" "login:"
grep -qa "efi: EFI v" "$HOME_DIR/uefi.console" || fail "the kernel was not started by UEFI"

# nginx alone, with no application behind it, says so.
answers() {
    expect 0 curl -sS --max-time 30 "$(url_of modern)"
    expect_text "app.hosts is not set"
}

say "a machine with firmware: efi"
mv "$HOME_DIR/web.qcow2" "$HOME_DIR/assembly/"  # alone: without a kernel beside it the machine boots from its disk
cat >"$HOME_DIR/assembly/assembly.yaml" <<'EOF'
muster: 1
name: modern
version: 1.0.0
networks: { net: {} }
machines:
  web:
    image: web.qcow2
    memory: 384 MiB
    firmware: efi
    networks: [net]
    ready: { tcp: 80, timeout: 10 min }
publish:
  - { machine: web, port: 80, as: http }
EOF
expect 0 "$MUSTER" pack "$HOME_DIR/assembly" -o "$HOME_DIR/modern.ova"
expect 0 "$MUSTER" inspect "$HOME_DIR/modern.ova"
expect_text "firmware efi"
MUSTER_OVMF_DIR=$HOME_DIR/none expect 6 "$MUSTER" up "$HOME_DIR/modern.ova"
expect_text "apt-get install ovmf"
expect 0 "$MUSTER" serve --stop
expect 0 "$MUSTER" up "$HOME_DIR/modern.ova"
our_processes | grep -q "pflash0=efi-code" || fail "the machine has no UEFI firmware"
answers
expect 0 "$MUSTER" logs modern web
expect_text "efi: EFI v"
expect 0 "$MUSTER" stop modern
expect 0 "$MUSTER" start modern
answers
"$MUSTER" down modern
assert_nothing_left
say "passed"
