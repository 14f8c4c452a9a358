#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every descriptor that muster writes is valid by DSP8023's schema, and our own sections by ours.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/sample_package.sh
. "$(dirname "$0")/sample_package.sh"
# shellcheck source=tests/integration/pack_samples.sh
. "$(dirname "$0")/pack_samples.sh"
requires xmllint --version
requires qemu-img --version
requires openssl version
corpus=${MUSTER_CORPUS:-}
[ -n "$corpus" ] || skip "MUSTER_CORPUS is unset"
cd "$work"

# Ours imports DSP8023's, which lies beside it.
mkdir schemas
cp "$corpus"/xen-orchestra/packages/xo-vmdk-to-vhd/src/ova-schema/*.xsd "$MUSTER_SOURCE_DIR/ovfkit/doc/muster-ovf-1.xsd" schemas/
ours=schemas/muster-ovf-1.xsd
older=$corpus/open-ovf/schemas/ovf-envelope.xsd # of 1.0, which takes no sections of others

# is_valid SCHEMA DESCRIPTOR
is_valid() {
    xmllint --noout --nonet --schema "$1" "$2" >xsd.log 2>&1
}

make_images
make_signer maker
make_packages || fail "$(cat make_packages.log)"
checked=0
for package in *.ova; do
    descriptor=$(tar -tf "$package" | sed -n 1p)
    tar -xOf "$package" "$descriptor" >"$package.ovf"
    is_valid "$ours" "$package.ovf" || fail "$package is not valid: $(cat xsd.log)"
    if ! grep -q '<muster:' "$package.ovf"; then
        is_valid "$older" "$package.ovf" || fail "$package is not valid by OVF 1.0: $(cat xsd.log)"
    fi
    checked=$((checked + 1))
done
echo "$checked packages are valid"
[ $checked = 16 ] || fail "$checked packages instead of 16"

# The schemas are looked at: what is wrong is found.
sed 's/ovf:capacity=/ovf:kapacity=/' alone-generic.ova.ovf >wrong.ovf
sed 's/<muster:Publish muster:machine=/<muster:Publish muster:maschine=/' alone-generic.ova.ovf >wrong-section.ovf
! is_valid "$ours" wrong.ovf || fail "a wrong descriptor is valid"
! is_valid "$ours" wrong-section.ovf || fail "a wrong section of ours is valid"
