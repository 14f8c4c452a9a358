#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A guest that knows nothing of muster: Debian with its own cloud-init takes our environment ISO as it is.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
new_home
make_key
OVA=$E2E_DIR/cloud-init.ova
if [ ! -f "$OVA" ]; then
    "$MUSTER" pack "$SOURCE_DIR/tests/e2e/cloud-init" -o "$OVA"
fi
KEY='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGR1bW15ZHVtbXlkdW1teWR1bW15ZHVtbXlkdW1teWQx e2e'
# The guest prints a line on its console when cloud-init has ended; the machine is ready when its page answers.
"$MUSTER" up "$OVA" --set "guest.public-keys=$KEY" --set guest.hostname=from-ovf
say "up"
# Published page: what cloud-init did, as the guest itself sees it.
page=$(curl -fsS --max-time 20 "$(url_of cloud-init)")
# The network's name server knows the guest by machine and assembly.
for wanted in 'DataSourceOVF' 'from-ovf' 'ssh-ed25519' '10.84.0.10 guest.cloud-init'; do
    case "$page" in
        *"$wanted"*) ;;
        *) fail "'$wanted' is not in: $page" ;;
    esac
done
"$MUSTER" down cloud-init
assert_nothing_left
say "passed"
