#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the verbs do for deployments, with a fake QEMU: up from a URL, status, keys, the console, aborts, Ctrl-C.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
new_home
use_fake_qemu
make_small small ""
make_small never '    ready: { key: never.set, timeout: 30 min }'
make_small late '    ready: { key: never.set, timeout: 2 s }'

# Whether a step that starts web is at work, in any job.
web_starts() {
    [ "$("$MUSTER" jobs --json | json 'any(s["state"]=="running" and s["name"].startswith("start web") for j in x for s in j["steps"])')" = True ]
}
last_state() { [ "$("$MUSTER" jobs --json | json 'max(x, key=lambda j: j["id"])["state"]')" = "$1" ]; }

# Starts `up` of what is never ready; it is waiting for web when this returns. Its pid is left in $UP.
up_that_hangs() {
    "$MUSTER" up "$HOME_DIR/never.ova" >"$HOME_DIR/out" 2>&1 &
    UP=$!
    wait_until "up does not get to start web" web_starts
}
# expect_end CODE: how $UP has to end; what it said is left in $OUTPUT.
expect_end() {
    local code=0
    wait "$UP" || code=$?
    OUTPUT=$(cat "$HOME_DIR/out")
    [ "$code" = "$1" ] || fail "up ended with $code, not $1: $OUTPUT"
}

say "up from a URL"
serve_files "$HOME_DIR"
expect 0 "$MUSTER" up "$FILES_URL/small.ova"
expect_text "small is up"
expect 3 "$MUSTER" up "$FILES_URL/nothing.ova"
expect 0 "$MUSTER" status small
for text in small running db web 10.84. http; do expect_text "$text"; done

say "keys"
expect 0 "$MUSTER" kv list small db
expect_text "app.ready"
expect_text "***"
expect 0 "$MUSTER" kv list small db app.
[[ $OUTPUT != *password* ]] || fail "not only keys that begin with 'app.': $OUTPUT"

say "the console"
expect 0 bash -c "{ printf 'hi there\r'; until '$MUSTER' logs small web | grep 'hi there' >/dev/null; do sleep 0.1; done
    printf '\035'; } | '$MUSTER' console small web"
expect_text "hi there"
expect 0 "$MUSTER" down small
assert_nothing_left

say "job abort"
up_that_hangs
expect 0 "$MUSTER" job abort "$("$MUSTER" jobs --json | json 'max(j["id"] for j in x)')"
expect_end 130
expect_text "aborted in step 'start web (2)'"
assert_nothing_left

say "Ctrl-C"
up_that_hangs
kill -INT "$UP"
expect_end 130
expect_text "aborted in step 'start web (2)'"
expect_text "its log: muster job show"
assert_nothing_left

say "Ctrl-C twice, at once"
up_that_hangs
kill -INT "$UP"
kill -INT "$UP"
expect_end 130
wait_until "the deployment goes on after two Ctrl-C" last_state aborted
assert_nothing_left

say "a time limit that signals the program and its group"
code=0
timeout --preserve-status -s INT 4 "$MUSTER" up "$HOME_DIR/never.ova" >"$HOME_DIR/out" 2>&1 || code=$?
[ "$code" = 130 ] || fail "up under timeout ended with $code: $(cat "$HOME_DIR/out")"
wait_until "the deployment goes on after a time limit" last_state aborted
assert_nothing_left

say "a machine that is never ready, while its logs cannot be kept"
rm -rf "$XDG_DATA_HOME/muster/failed"
: >"$XDG_DATA_HOME/muster/failed"
expect 8 "$MUSTER" up "$HOME_DIR/late.ova"
expect_text "step 'start web (2)'"
expect_text "'web' was not ready"
expect_text "could not be kept"
assert_nothing_left
say "passed"
