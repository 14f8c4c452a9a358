#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Descriptors of the field that are valid by DSP8023's schema stay valid when they are edited.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
requires xmllint --version
requires git --version
requires_corpus
cd "$work"
schemas=("$corpus/open-ovf/schemas/ovf-envelope.xsd"
    "$corpus/xen-orchestra/packages/xo-vmdk-to-vhd/src/ova-schema/dsp8023_1.1.1.xsd")

is_valid() {
    xmllint --noout --nonet --schema "$1" "$2" >xsd.log 2>&1
}

checked=0
while read -r file; do
    valid_by=()
    for schema in "${schemas[@]}"; do
        is_valid "$schema" "$file" && valid_by+=("$schema")
    done
    [ ${#valid_by[@]} -gt 0 ] || continue
    cp "$file" edited.ovf
    id=$(grep -o '<[a-z:]*VirtualSystem [^>]*id="[^"]*"' edited.ovf | sed -n '1s/.*id="\([^"]*\)"/\1/p')
    "$MUSTER" edit edited.ovf --dry-run --system "$id" --add-network new --add-nic new,mac=00:16:3e:00:00:01 \
        --add-disk size=1GiB --annotation text --product vendor=V --add-property key,type=string,value=v,label=L \
        --name N --add-machine id=blank,cpus=2,network=new >edit.diff 2>err.log || continue
    git apply --unsafe-paths --whitespace=nowarn edit.diff || fail "the difference of $file does not apply"
    for schema in "${valid_by[@]}"; do
        is_valid "$schema" edited.ovf || fail "$file is not valid any more: $(cat xsd.log)"
    done
    checked=$((checked + 1))
done < <(find "$corpus" -name '*.ovf' | sort)
echo "$checked descriptors stay valid"
[ $checked -ge 20 ] || fail "only $checked descriptors could be checked"
