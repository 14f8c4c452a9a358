#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# muster verify: good, damaged, forged and hostile packages, from a file and from standard input.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/sample_package.sh
. "$(dirname "$0")/sample_package.sh"
requires openssl version
requires python3 --version
cd "$work"

make_files
make_manifest
make_signer maker
make_signer stranger
sign_with maker
make_ova signed.ova shop.ovf disk.vmdk web.iso shop.mf shop.cert

# Good: everything that was checked is said.
expect_exit 0 "$MUSTER" verify signed.ova
expect_text "$out" "integrity  ok: every file matches the manifest 'shop.mf' (SHA256)"
expect_text "$out" "signature  ok: the manifest is signed by CN=maker (RSA 2048, SHA256)"
expect_text "$out" "trust      no: no trust file was given"
expect_exit 0 "$MUSTER" verify signed.ova --trust maker.pem
expect_text "$out" "trust      yes"
expect_exit 0 "$MUSTER" verify - --trust maker.pem <signed.ova
expect_exit 0 bash -c "cat signed.ova | $MUSTER verify - --trust maker.pem"
expect_text "$out" "package    standard input: 5 files"
expect_exit 0 "$MUSTER" verify signed.ova --json
expect_text "$out" '"state": "ok"'

# Another signer, no signer, no manifest, no file.
expect_exit 4 "$MUSTER" verify signed.ova --trust stranger.pem
expect_text "$err" "the signer is not trusted: 'CN=maker' signed its own certificate"
make_ova unsigned.ova shop.ovf disk.vmdk web.iso shop.mf
expect_exit 0 "$MUSTER" verify unsigned.ova
expect_exit 4 "$MUSTER" verify unsigned.ova --trust maker.pem
expect_text "$err" "the package is not signed"
make_ova bare.ova shop.ovf disk.vmdk web.iso
expect_exit 4 "$MUSTER" verify bare.ova
expect_text "$err" "the package has no manifest"
expect_exit 3 "$MUSTER" verify gone.ova
expect_exit 2 "$MUSTER" verify

# A flipped byte in a disk, from a file and through a pipe.
sed 's/dddd/dddx/' signed.ova >flipped.ova
expect_exit 4 "$MUSTER" verify flipped.ova
expect_text "$err" "member 'disk.vmdk' does not match the manifest (SHA256 expected "
expect_text "$out" "integrity  FAILED"
expect_exit 4 bash -c "cat flipped.ova | $MUSTER verify -"
expect_text "$err" "standard input: member 'disk.vmdk' does not match the manifest"
expect_exit 4 "$MUSTER" verify flipped.ova --json
expect_text "$err" '"type":"error","code":4,"kind":"invalid_input"'

# The descriptor edited after signing, then the manifest adapted to it.
sed 's/>The database</>The databank</' signed.ova >edited.ova
expect_exit 4 "$MUSTER" verify edited.ova
expect_text "$err" "member 'shop.ovf' does not match the manifest"
mkdir forged
(cd forged && make_files && sed -i 's/The database/The databank/' shop.ovf && make_manifest && cp ../shop.cert . &&
    make_ova ../forged.ova shop.ovf disk.vmdk web.iso shop.mf shop.cert)
expect_exit 4 "$MUSTER" verify forged.ova
expect_text "$err" "the signature in 'shop.cert' does not fit the manifest 'shop.mf'"

# Truncated, on standard input and as a file.
head -c 200000 signed.ova >cut.ova
expect_exit 4 "$MUSTER" verify cut.ova
expect_text "$err" "'cut.ova' ends too early: "
expect_exit 4 bash -c "cat cut.ova | $MUSTER verify -"
expect_text "$err" "standard input ends too early: "

# Partly checked: a disk that no digest covers, and a manifest of which nothing is understood.
{ echo '# made by hand' && grep -v disk shop.mf; } >part.mf
mkdir part
cp shop.ovf disk.vmdk web.iso part
cp part.mf part/shop.mf
(cd part && make_ova ../part.ova shop.ovf disk.vmdk web.iso shop.mf)
expect_exit 4 "$MUSTER" verify part.ova
expect_text "$out" "failure    member 'disk.vmdk' is not listed in the manifest"
expect_text "$err" "a flaw of form, which verify, unpack, convert, edit and sign let pass with --lax"
# shellcheck disable=SC2016  # the inner shell expands it
for way in 'cat part.ova | "$MUSTER" verify -' '"$MUSTER" verify part.ova'; do
    expect_exit 0 bash -c "$way --lax"
    expect_text "$out" "integrity  PARTLY CHECKED: 2 of 3 files match the manifest 'shop.mf'"
    expect_text "$out" "no digest covers 'disk.vmdk'"
    expect_text "$out" "note       manifest line not understood: '# made by hand'"
    expect_exit 0 bash -c "$way --lax --json"
    expect_text "$out" '"state": "partial"'
done
expect_exit 0 "$MUSTER" unpack part.ova -o part.d --lax
expect_text "$err" "no digest covers 'disk.vmdk'"
sed 's/^SHA256/MD17/' shop.mf >part/shop.mf
(cd part && make_ova ../none.ova shop.ovf disk.vmdk web.iso shop.mf)
expect_exit 4 "$MUSTER" verify none.ova --lax
expect_text "$out" "PARTLY CHECKED: 0 of 3 files"
expect_text "$err" "no line of the manifest was understood, so nothing was checked"

# A folder package, by its folder and by its descriptor.
mkdir folder
cp shop.ovf shop.mf shop.cert disk.vmdk web.iso folder
expect_exit 0 "$MUSTER" verify folder --trust maker.pem
expect_text "$out" "trust      yes"
expect_exit 0 "$MUSTER" verify folder/shop.ovf --trust maker.pem
expect_exit 0 "$MUSTER" inspect folder
echo changed >folder/web.iso
expect_exit 4 "$MUSTER" verify folder
expect_text "$err" "member 'web.iso' does not match the manifest"
ln -sf "$work/web.iso" folder/web.iso
expect_exit 4 "$MUSTER" verify folder
expect_text "$err" "'web.iso' is a symbolic link"

# Hostile members.
ln -s /etc/passwd link.vmdk
make_ova link.ova shop.ovf link.vmdk
expect_exit 4 "$MUSTER" verify link.ova
expect_text "$err" "member 'link.vmdk' is a symbolic link"
tar --format=ustar -P -cf up.ova shop.ovf --transform 's,web.iso,../web.iso,' web.iso
expect_exit 4 "$MUSTER" verify up.ova
expect_text "$err" "has '..' in its name"
tar --format=ustar -P -cf absolute.ova shop.ovf "$work/web.iso"
expect_exit 4 "$MUSTER" verify absolute.ova
expect_text "$err" "has an absolute name"
make_ova twice.ova shop.ovf web.iso web.iso
tar --format=ustar --hard-dereference -cf twice.ova shop.ovf web.iso web.iso
expect_exit 4 "$MUSTER" verify twice.ova
expect_text "$err" "member 'web.iso' occurs twice"
sed -i 's,<Envelope,<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>\n<Envelope,' shop.ovf
make_ova doctype.ova shop.ovf disk.vmdk web.iso
expect_exit 4 "$MUSTER" verify doctype.ova
expect_text "$err" "DOCTYPE"

# Compressed, from a file and from standard input; a form that is not unpacked says what to do.
for filter in gzip xz "zstd -q"; do
    $filter -c <signed.ova >packed.ova
    expect_exit 0 "$MUSTER" verify packed.ova --trust maker.pem
    expect_exit 0 bash -c "cat packed.ova | $MUSTER verify - --trust maker.pem"
    head -c 2000 packed.ova >cut.ova
    expect_exit 4 "$MUSTER" verify cut.ova
    expect_text "$err" "data end too early"
done
(mkdir z && cd z && cp ../signed.ova . && python3 -m zipfile -c ../one.zip signed.ova)
expect_exit 0 "$MUSTER" verify one.zip --trust maker.pem
tar -xf signed.ova
python3 -m zipfile -c all.zip shop.ovf disk.vmdk web.iso shop.mf shop.cert
expect_exit 0 "$MUSTER" verify all.zip --trust maker.pem
expect_exit 0 bash -c "cat all.zip | $MUSTER verify - --trust maker.pem"
expect_exit 3 bash -c "cat all.zip | TMPDIR=$work/none $MUSTER verify -"
expect_text "$err" "none"
python3 -c 'import bz2; open("packed.ova", "wb").write(bz2.compress(open("signed.ova", "rb").read()))'
expect_exit 4 "$MUSTER" verify packed.ova
expect_text "$err" "is compressed with bzip2"
