#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# muster env: environment documents are made, valid by DSP8027's schema, and shown without secrets.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/sample_package.sh
. "$(dirname "$0")/sample_package.sh"
cd "$work"
make_files
make_manifest
make_ova shop.ova shop.ovf disk.vmdk web.iso shop.mf

big=$(head -c 60000 /dev/zero | tr '\0' 'x')
odd=$'"&<>\n\t\xf0\x9f\x98\x80'
expect_exit 0 "$MUSTER" env make --ova shop.ova --set "title=$odd$big" --instance 1
printf '%s\n' "$out" >env.xml
expect_text "$out" 'oe:key="title" oe:value="&quot;&amp;&lt;&gt;&#10;&#9;'
expect_text "$out" 'oe:key="hostname" oe:value="db"'
expect_exit 0 "$MUSTER" env make --ova shop.ova --set "title=$odd$big" --instance 1 -o file.xml --iso env.iso
cmp env.xml file.xml
[ "$(stat -c %a file.xml)" = 600 ] || fail "others can read the passwords"
expect_exit 0 "$MUSTER" env make --ova shop.ovf --instance 1 --json -o bare.xml
expect_text "$out" '"file": "bare.xml"'

# Shown from XML, from the CD and from standard input; secrets only when asked for.
for source in env.xml env.iso; do
    expect_exit 0 "$MUSTER" env show $source
    expect_text "$out" "machine   db"
    expect_text "$out" "***"
    case $out in *hunter2*) fail "the password is shown" ;; esac
done
expect_exit 0 "$MUSTER" env show env.iso --secrets
expect_text "$out" "hunter2"
expect_exit 0 bash -c "$MUSTER env show - --json <env.xml"
expect_text "$out" '"value": null'
case $out in *hunter2*) fail "the password is in the JSON" ;; esac

# Whoever gives something wrong is told.
expect_exit 3 "$MUSTER" env show gone.xml
expect_exit 4 "$MUSTER" env show shop.ovf
expect_exit 4 "$MUSTER" env show disk.vmdk
expect_exit 3 "$MUSTER" env make --ova shop.ova --system web
expect_text "$err" "it has: db"
expect_exit 2 "$MUSTER" env make --ova shop.ova --set nothing=x
expect_exit 2 "$MUSTER" env make --ova shop.ova --set nothing
expect_exit 2 "$MUSTER" env
expect_exit 3 "$MUSTER" env make --ova gone.ova

# The sample of cloud-init, and DSP8027's own judgement.
requires_corpus
sample=$corpus/cloud-init/doc/sources/ovf/example/ovf-env.xml
expect_exit 0 "$MUSTER" env show "$sample"
expect_text "$out" "machine   WebTier"
expect_text "$out" "platform  ESX Server 3.0.1, VMware, Inc., en_US"
expect_text "$out" "ubuntuhost"
case $out in *passw0rd*) fail "the password is shown" ;; esac
expect_exit 0 "$MUSTER" env show "$corpus/cloud-init/doc/sources/ovf/ovf-env.xml.tmpl"
requires xmllint --version
xmllint --noout --nonet --schema "$corpus/open-ovf/schemas/ovf-environment.xsd" env.xml bare.xml 2>xsd.log ||
    fail "not valid: $(cat xsd.log)"
