#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sign on a disk that fails: the package is the unsigned one or the signed one.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/sample_package.sh
. "$(dirname "$0")/sample_package.sh"
# shellcheck source=tests/integration/failing_disk.sh
. "$(dirname "$0")/failing_disk.sh"
requires openssl version
cd "$work"
export SOURCE_DATE_EPOCH=1700000000

mkdir before
(cd before && make_assembly && "$MUSTER" pack assembly.yaml -o small.ova && rm assembly.yaml disk.raw)
# RSA signs the same bytes the same way each time.
make_signer maker
mv maker.key maker.pem before
fails_cleanly "$MUSTER" sign small.ova --key maker.key --cert maker.pem
fails_cleanly "$MUSTER" sign small.ova --key maker.key --cert maker.pem -o signed.ova
