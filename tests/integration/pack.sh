#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# muster pack and edit into files and pipes: the same bytes, whole or in chunks, by any digest; and no
# temporary file on the way.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/sample_package.sh
. "$(dirname "$0")/sample_package.sh"
requires openssl version
cd "$work"
make_signer maker
sign=(--key maker.key --cert maker.pem)

# same_by_pipe NAME VERB…: with -o NAME and with -o -. $tmp does not exist at first, so nothing temporary is written.
tmp=$work/none
same_by_pipe() {
    local name=$1
    shift
    expect_exit 0 "$MUSTER" "$@" -o "$name"
    TMPDIR=$tmp "$MUSTER" "$@" -o - 2>said | cat >"piped-$name" || fail "$* -o -: $(cat said)"
    cmp "$name" "piped-$name" || fail "$*: a pipe and a file differ"
    expect_exit 0 "$MUSTER" verify "$name"
}

# An assembly, its disks compressed on the way.
mkdir shop
head -c 3000000 /dev/urandom >shop/db.raw
seq 400000 >>shop/db.raw
truncate -s 16M shop/db.raw
cat >shop/assembly.yaml <<'YAML'
muster: 1
name: shop
version: 1.0.0
networks: { back: {} }
machines:
  db: { image: db.raw, networks: [back] }
  web: { image: db.raw, disk: 20 MiB, networks: [back] }
YAML
same_by_pipe whole.ova pack shop
expect_text "$(cat said)" "shop 1.0.0, db, web"
same_by_pipe signed.ova pack shop "${sign[@]}"
same_by_pipe chunks.ova pack shop --chunk-size 1MiB --level 1
tar -tf chunks.ova | grep -x db-disk.vmdk.000000002 >/dev/null || fail "no chunks: $(tar -tf chunks.ova)"
for digest in sha1 sha256 sha384 sha512; do
    same_by_pipe $digest.ova pack shop --digest $digest
    tar -xOf $digest.ova shop.mf | grep -i "^$digest(shop.ovf)= " >/dev/null || fail "--digest $digest"
done
expect_exit 0 "$MUSTER" pack shop -o old.ova --digest sha1 "${sign[@]}"
expect_text "$err" "warning: SHA1 digests can be forged"
expect_exit 4 "$MUSTER" verify old.ova --trust maker.pem

# A package in a folder.
mkdir folder
(cd folder && make_files && head -c 2500000 /dev/urandom >disk.vmdk && make_manifest)
same_by_pipe kept.ova pack folder
same_by_pipe renewed.ova pack folder --digest sha512
same_by_pipe cut.ova pack folder --chunk-size 1MiB
expect_text "$(cat said)" "manifest: renewed (SHA256)"
tar -xOf cut.ova disk.vmdk.00000000{0,1,2} | cmp - folder/disk.vmdk
tar -xOf cut.ova shop.ovf | grep 'chunkSize="1048576"' >/dev/null || fail "the descriptor does not tell of chunks"
mkdir cut
tar -xf cut.ova -C cut
expect_exit 0 "$MUSTER" pack cut -o again.ova --chunk-size 2MiB # chunks are joined and cut anew
tar -xOf again.ova disk.vmdk.00000000{0,1} | cmp - folder/disk.vmdk
expect_exit 0 "$MUSTER" verify again.ova
# shellcheck disable=SC2016  # the inner shell expands it
expect_exit 5 bash -c '"$MUSTER" pack cut -o - --chunk-size 2MiB | cat; exit ${PIPESTATUS[0]}'
expect_text "$err" "the descriptor does not say how large 'disk.vmdk' is"

# An edited package. A folder for new disks is made, and stays empty.
mkdir "$tmp"
same_by_pipe edited.ova edit kept.ova --cpus 3
expect_text "$(cat said)" "manifest: renewed (SHA256)"
same_by_pipe edited-cut.ova edit kept.ova --cpus 3 --chunk-size 1MiB --digest sha384
expect_exit 0 "$MUSTER" edit cut.ova --chunk-size 4MiB
tar -xOf cut.ova disk.vmdk.000000000 | cmp - folder/disk.vmdk
# shellcheck disable=SC2016  # the inner shell expands it
expect_exit 0 bash -c '"$MUSTER" edit - -o - --cpus 3 <kept.ova 2>said.json --json | cmp - edited.ova'
expect_text "$(cat said.json)" '"manifest": "renewed (SHA256)"'
[ ! -e ./- ] || fail "there is a folder named -"
expect_exit 2 "$MUSTER" edit kept.ova -o x.ova --chunk-size 1KiB
expect_exit 2 "$MUSTER" edit --merge kept.ova cut.ova -o x.ova --chunk-size 1MiB
expect_exit 5 "$MUSTER" edit folder --chunk-size 1MiB

# Not onto a terminal.
if command -v script >/dev/null; then
    for verb in 'edit kept.ova --cpus 2' 'pack folder' 'pack shop' "sign kept.ova --key maker.key --cert maker.pem"; do
        script -qec "$MUSTER $verb -o -" /dev/null >typed </dev/null && fail "$verb -o - writes to a terminal"
        expect_text "$(head -c 300 typed | tr -d '\0')" "a package is not written to a terminal"
    done
fi
