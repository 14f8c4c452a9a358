#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The same assembly and images give the same package on another day, in another folder, with other times of the files;
# SOURCE_DATE_EPOCH is the time inside, and another one is the only difference.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/pack_samples.sh
. "$(dirname "$0")/pack_samples.sh"
requires qemu-img --version
cd "$work"

make_images
sizes=yes make_assembly shop web db
mkdir -p elsewhere/deeper
cp -r shop web.raw db.qcow2 elsewhere/deeper/
find elsewhere -exec touch -d '2001-02-03 04:05:06' {} +
"$MUSTER" pack shop -o first.ova
(cd elsewhere/deeper && umask 077 && TZ=Asia/Tokyo LC_ALL=C "$MUSTER" pack shop -o "$work/second.ova")
cmp first.ova second.ova

export SOURCE_DATE_EPOCH=1234567890
"$MUSTER" pack shop -o third.ova
(cd elsewhere/deeper && "$MUSTER" pack shop/assembly.yaml -o - >"$work/fourth.ova")
cmp third.ova fourth.ova
tar --full-time --utc -tvf third.ova | grep -v '2009-02-13 23:31:30' >other-times && fail "$(cat other-times)"
! cmp -s first.ova third.ova || fail "SOURCE_DATE_EPOCH makes no difference"
mkdir first third
tar -xf first.ova -C first
tar -xf third.ova -C third
diff -r first third || fail "SOURCE_DATE_EPOCH changes what is inside"
"$MUSTER" convert web.raw one.ova

touch -d "now + 1 hour" web.raw
mkdir again
"$MUSTER" convert web.raw again/one.ova
cmp one.ova again/one.ova
