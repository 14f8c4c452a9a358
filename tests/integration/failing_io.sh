#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# pack, verify, inspect and the import of a deployment on a disk that fails: nothing half-made is left.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/sample_package.sh
. "$(dirname "$0")/sample_package.sh"
# shellcheck source=tests/integration/failing_disk.sh
. "$(dirname "$0")/failing_disk.sh"
requires test -x "${IMPORT_ONCE:-}"
requires openssl version
cd "$work"
export SOURCE_DATE_EPOCH=1700000000

# An assembly of one machine with a small disk, signed.
mkdir before
make_signer maker
mv maker.key maker.pem before
(cd before && make_assembly)
fails_cleanly "$MUSTER" pack assembly.yaml -o small.ova --key maker.key --cert maker.pem
cp good/small.ova before
# Over an older package, which must survive.
fails_cleanly "$MUSTER" pack assembly.yaml -o small.ova
fails_cleanly "$MUSTER" verify small.ova
fails_cleanly "$MUSTER" inspect small.ova

# The import of a deployment: an image is whole and in the store, or there is none.
mkdir before/store
"$IMPORT_ONCE" before/small.ova before/store
find before/store/images -mindepth 1 -maxdepth 1 -type d ! -name '.*' -exec chmod -R u+w {} + -exec rm -rf {} +
fails_cleanly "$IMPORT_ONCE" small.ova store
[ "$(find good/store/images -name record.json | wc -l)" = 1 ] || fail "the good import made no image"
