#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 of the daemon at every step boundary of every job, with a fake QEMU: after a restart the deployment is there
# whole or nothing of it is left.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
new_home
use_fake_qemu

# The daemon that will kill itself at this boundary.
serve_killed_at() {
    "$MUSTER" serve --stop 2>/dev/null || true
    MUSTER_TEST_KILL_AT=$1 "$MUSTER" serve >>"$HOME_DIR/killed.log" 2>&1 &
    KILLED=$!
    for _ in $(seq 1200); do
        [ -S "$XDG_RUNTIME_DIR/muster/api.sock" ] && "$MUSTER" --pool "$XDG_RUNTIME_DIR/muster/api.sock" ps \
            >/dev/null 2>&1 && return
        sleep 0.05
    done
    fail "the daemon does not start: $(tail -5 "$HOME_DIR/killed.log")"
}

assert_was_killed() {
    local code=0
    wait "$KILLED" || code=$?
    [ "$code" = 137 ] || fail "the daemon was not killed at $1 (it ended with $code)"
}

steps_of() { "$MUSTER" jobs --json | json "next('\n'.join(s['name'] for s in j['steps']) for j in x if j['kind']=='$1')"; }

assert_whole() {
    [ "$("$MUSTER" status small --json | json 'x["state"]=="running" and all(m["state"]=="running" for m in x["machines"]) and all(n["running"] for n in x["networks"])')" = True ] ||
        fail "$1: the deployment is not whole: $("$MUSTER" status small)"
}

make_small small ""
make_small never '    ready: { key: never.set, timeout: 2 s }'

say "once without a kill, for the names of the steps"
"$MUSTER" up "$HOME_DIR/small.ova"
assert_whole "without a kill"
"$MUSTER" stop small
"$MUSTER" start small
assert_whole "after stop and start"
"$MUSTER" down small
assert_nothing_left
expect 8 "$MUSTER" up "$HOME_DIR/never.ova"
assert_nothing_left
declare -A STEPS
for kind in deploy stop start undeploy; do
    STEPS[$kind]=$(steps_of "$kind")
done
STEPS[deploy]=$("$MUSTER" jobs --json | json "'\n'.join(s['name'] for s in [j for j in x if j['kind']=='deploy'][-1]['steps'])")
STEPS[never]=$("$MUSTER" jobs --json | json "'\n'.join(s['name'] for s in [j for j in x if j['kind']=='deploy'][0]['steps'])")

kills=0
while read -r step; do
    for phase in before after; do
        serve_killed_at "deploy:$step:$phase"
        code=0
        "$MUSTER" up "$HOME_DIR/small.ova" >"$HOME_DIR/out" 2>&1 || code=$?
        assert_was_killed "deploy:$step:$phase"
        if [ "$code" = 0 ]; then
            assert_whole "deploy:$step:$phase"
            "$MUSTER" down small >/dev/null
        fi
        assert_nothing_left
        kills=$((kills + 1))
    done
done <<<"${STEPS[deploy]}"
say "$kills kills while deploying"

kills=0
while read -r step; do
    for phase in undo-before undo-after; do
        # Only what was begun is undone.
        case "$step" in finish) continue ;; esac
        serve_killed_at "deploy:$step:$phase"
        code=0
        "$MUSTER" up "$HOME_DIR/never.ova" >"$HOME_DIR/out" 2>&1 || code=$?
        if kill -0 "$KILLED" 2>/dev/null; then
            case "$step" in "publish ports") continue ;; esac # it has nothing to undo
        fi
        assert_was_killed "deploy:$step:$phase"
        [ "$code" != 0 ] || fail "deploy:$step:$phase: a machine that is never ready was"
        assert_nothing_left
        kills=$((kills + 1))
    done
done <<<"${STEPS[never]}"
say "$kills kills while undoing"

for kind in stop start undeploy; do
    kills=0
    while read -r step; do
        for phase in before after; do
            "$MUSTER" up "$HOME_DIR/small.ova" >/dev/null
            [ "$kind" != start ] || "$MUSTER" stop small >/dev/null
            serve_killed_at "$kind:$step:$phase"
            verb=$kind
            [ "$kind" != undeploy ] || verb=down
            "$MUSTER" "$verb" small >"$HOME_DIR/out" 2>&1 || fail "$kind:$step:$phase: $(cat "$HOME_DIR/out")"
            assert_was_killed "$kind:$step:$phase"
            case "$kind" in
                start) assert_whole "$kind:$step:$phase" ;;
                stop) [ "$("$MUSTER" status small --json | json 'x["state"]')" = stopped ] || fail "$kind:$step:$phase" ;;
            esac
            [ "$kind" = undeploy ] || "$MUSTER" down small >/dev/null
            assert_nothing_left
            kills=$((kills + 1))
        done
    done <<<"${STEPS[$kind]}"
    say "$kills kills in $kind"
done

say "an upload that the kill cuts off is undone"
serve_killed_at "deploy:import:after"
code=0
"$MUSTER" up - <"$HOME_DIR/small.ova" >"$HOME_DIR/out" 2>&1 || code=$?
assert_was_killed "upload"
if [ "$code" = 0 ]; then
    "$MUSTER" down small >/dev/null
fi
assert_nothing_left
say "passed"
