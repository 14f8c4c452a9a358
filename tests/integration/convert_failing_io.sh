#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# muster convert on a disk that fails, in every direction: whatever call goes wrong, the old output is as it was or the new
# one is complete, and nothing else lies around.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/failing_disk.sh
. "$(dirname "$0")/failing_disk.sh"
requires command -v qemu-img
cd "$work"
export SOURCE_DATE_EPOCH=1700000000
mkdir before
(cd before && make_assembly && rm assembly.yaml && "$MUSTER" --quiet convert disk.raw disk.ova)

fails_cleanly "$MUSTER" --quiet convert disk.raw new.ova
fails_cleanly "$MUSTER" --quiet convert disk.ova new.qcow2
fails_cleanly "$MUSTER" --quiet convert disk.ova new.ova
# Over an older file, which must survive.
fails_cleanly "$MUSTER" --quiet convert disk.ova disk.raw
fails_cleanly "$MUSTER" --quiet convert disk.ova disk.ova --fast

# A disk that waits in a nameless file.
rm before/*
(
    cd before
    make_assembly
    rm assembly.yaml
    "$MUSTER" --quiet convert disk.raw disk.ova
    "$MUSTER" --quiet unpack disk.ova -o folder --disk-format qcow2 >/dev/null
    rm disk.ova disk.raw
)
fails_cleanly "$MUSTER" --quiet convert folder new.ova
fails_cleanly "$MUSTER" --quiet convert folder new.raw
