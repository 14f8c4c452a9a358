#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Edited and unpacked packages on a disk that fails: whatever call goes wrong, the old package is as it was or the new
# one is complete, and nothing else lies around.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/sample_package.sh
. "$(dirname "$0")/sample_package.sh"
# shellcheck source=tests/integration/failing_disk.sh
. "$(dirname "$0")/failing_disk.sh"
cd "$work"
export SOURCE_DATE_EPOCH=1700000000
mkdir before
(cd before && make_files && make_manifest && make_ova shop.ova shop.ovf disk.vmdk web.iso shop.mf)
mkdir before/folder
mv before/shop.ovf before/disk.vmdk before/web.iso before/shop.mf before/folder

fails_cleanly "$MUSTER" edit shop.ova -o new.ova --cpus 3
fails_cleanly "$MUSTER" edit shop.ova --cpus 3
fails_cleanly "$MUSTER" edit folder --cpus 3 --add-file shop.ova
fails_cleanly "$MUSTER" unpack shop.ova -o unpacked
fails_cleanly "$MUSTER" pack folder -o new.ova
fails_cleanly "$MUSTER" env make --ova shop.ova -o env.xml

# Disks that become another format on the way.
rm -rf before/*
(cd before && make_assembly && "$MUSTER" pack assembly.yaml -o small.ova && rm assembly.yaml disk.raw)
fails_cleanly "$MUSTER" unpack small.ova -o small --disk-format raw
