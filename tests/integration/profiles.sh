#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What pack, convert and edit make for a profile gives its products no reason for an error or a warning.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/pack_samples.sh
. "$(dirname "$0")/pack_samples.sh"
cd "$work"

declare -A targets=([vmware]="esxi vcenter workstation" [virtualbox]="virtualbox"
    [generic]="virt-v2v proxmox oracle-vm muster")

# fits FILE TARGET…: no errors, no warnings.
fits() {
    local file=$1 target
    shift
    for target; do
        expect_exit 0 "$MUSTER" lint "$file" --target "$target" --strict
        expect_text "$out" "0 errors, 0 warnings"
    done
}

make_images
make_assembly alone web
make_assembly shop web db
for profile in generic vmware virtualbox; do
    read -ra for_it <<<"${targets[$profile]}"
    "$MUSTER" pack alone -o "alone-$profile.ova" --profile "$profile"
    "$MUSTER" convert web.raw "disk-$profile.ova" --profile "$profile"
    fits "alone-$profile.ova" "${for_it[@]}"
    fits "disk-$profile.ova" "${for_it[@]}"
    "$MUSTER" verify -q "alone-$profile.ova" || fail "alone-$profile.ova does not verify"

    # The same again is the same; nothing else is different.
    "$MUSTER" pack alone -o again.ova --profile "$profile"
    cmp "alone-$profile.ova" again.ova

    # A collection is for those who read collections.
    "$MUSTER" pack shop -o "shop-$profile.ova" --profile "$profile"
done
fits shop-generic.ova muster
fits shop-vmware.ova vcenter
fits shop-virtualbox.ova virtualbox
expect_exit 4 "$MUSTER" lint shop-vmware.ova --target esxi
expect_text "$out" OVF-110

# What is there is changed for others, in place and not.
for profile in vmware virtualbox; do
    read -ra for_it <<<"${targets[$profile]}"
    for made in alone disk; do
        "$MUSTER" edit "$made-generic.ova" -o "$made-edited.ova" --profile "$profile" 2>/dev/null
        fits "$made-edited.ova" "${for_it[@]}"
        expect_exit 0 "$MUSTER" edit "$made-edited.ova" --profile generic
        fits "$made-edited.ova" "${targets[generic]%% *}"
    done
done
expect_exit 2 "$MUSTER" edit disk-generic.ova -o x.ova --profile xen

# Nobody else is disturbed by the words of a profile: muster reads them all.
for file in alone-*.ova disk-*.ova shop-*.ova; do
    fits "$file" muster
done
cmp <("$MUSTER" pack alone -o - --quiet) alone-generic.ova || fail "generic is not the default"
expect_exit 2 "$MUSTER" pack alone -o x.ova --profile xen
expect_text "$err" "there is no profile 'xen'"
expect_exit 2 "$MUSTER" convert web.raw x.ova --profile xen
mkdir folder
tar -xf disk-generic.ova -C folder
expect_exit 5 "$MUSTER" pack folder -o x.ova --profile vmware
