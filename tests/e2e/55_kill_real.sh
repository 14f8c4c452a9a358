#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 of the daemon with the real QEMU: once while the machines start, once while they are taken down.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
new_home
make_guestbook

kill_daemon() { kill -9 "$(daemon_pid)"; }

say "a kill while the second machine starts"
"$MUSTER" up "$E2E_DIR/guestbook.ova" --trust "$E2E_DIR/cert.pem" >"$HOME_DIR/out" 2>&1 &
up=$!
for _ in $(seq 1200); do
    [ "$(our_processes | grep -c qemu-system || true)" -ge 2 ] && break
    sleep 0.1
done
kill_daemon
wait "$up" || fail "up did not survive the kill: $(cat "$HOME_DIR/out")"
wait_for_page "$(url_of guestbook)" "Guestbook"

say "a kill while it is taken down"
"$MUSTER" down guestbook >"$HOME_DIR/out" 2>&1 &
down=$!
for _ in $(seq 300); do
    [ "$(our_processes | grep -c qemu-system || true)" -lt 3 ] && break
    sleep 0.02
done
kill_daemon
wait "$down" || fail "down did not survive the kill: $(cat "$HOME_DIR/out")"
assert_nothing_left
say "passed"
