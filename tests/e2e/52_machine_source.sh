#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Machines of a deployment as sources, with a fake QEMU: running ones are copied and go on, stopped ones are read where they
# are; a copy that the daemon's death cuts off is begun again, one that is aborted leaves nothing.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
new_home
PATH=$PATH:/usr/sbin
use_fake_qemu
export FAKE_QEMU_DIR=$HOME_DIR/orders MUSTER_WORK_DIR=$HOME_DIR/work
mkdir "$FAKE_QEMU_DIR" "$MUSTER_WORK_DIR"

nothing_copied() {
    local left
    left=$(find "$MUSTER_WORK_DIR" -type f ! -name '*.lock')
    [ -z "$left" ] || fail "$1: left behind: $left"
}
all_run() { [ "$("$MUSTER" ps --json | json 'all(m["state"]=="running" for d in x for m in d["machines"])')" = True ]; }
copy_runs() { [ "$("$MUSTER" jobs --json | json 'any(j["kind"]=="copy" and j["state"]=="running" for j in x)')" = True ]; }

say "two machines with a system"
mkdir -p "$HOME_DIR/small" "$HOME_DIR/root/etc" "$HOME_DIR/root/usr"
printf 'ID=debian\nVERSION_ID=12\n' >"$HOME_DIR/root/etc/os-release"
echo original >"$HOME_DIR/root/etc/hostname"
mke2fs -q -F -t ext4 -d "$HOME_DIR/root" "$HOME_DIR/small/disk.raw" 16M
cat >"$HOME_DIR/small/assembly.yaml" <<'YAML'
muster: 1
name: small
version: 1.0.0
networks: { back: { isolated: true } }
machines:
  db:  { image: disk.raw, memory: 64 MiB, networks: [back] }
  web: { image: disk.raw, memory: 64 MiB, networks: [back], after: [db] }
YAML
"$MUSTER" pack "$HOME_DIR/small" -o "$HOME_DIR/small.ova" >/dev/null
"$MUSTER" up "$HOME_DIR/small.ova"
pids=$(our_processes | grep fake_qemu | awk '{ print $1 }' | sort)

say "running: copied, and they go on"
for source in machine:small/db shop=machine:small/db; do
    expect 0 "$MUSTER" introspect "$source" --json
    [ "$(json 'x["machines"][0]["os"]["hostname"]' <<<"$OUTPUT")" = original ] || fail "$source: $OUTPUT"
done
[ "$(json 'x["machines"][0]["name"]' <<<"$OUTPUT")" = shop ] || fail "another name: $OUTPUT"
[ "$(json 'x["machines"][0]["hardware"]["memory_bytes"]' <<<"$OUTPUT")" = 67108864 ] || fail "no hardware: $OUTPUT"
expect 0 "$MUSTER" introspect machine:small --json
[ "$(json '[m["name"] for m in x["machines"]]' <<<"$OUTPUT")" = "['db', 'web']" ] || fail "not both: $OUTPUT"
expect 0 "$MUSTER" introspect --compare machine:small/db machine:small/web --exit-code
[ "$pids" = "$(our_processes | grep fake_qemu | awk '{ print $1 }' | sort)" ] || fail "a machine was restarted"
nothing_copied "after reading"
expect 0 "$MUSTER" introspect machine:small -o "$HOME_DIR/found"
grep -q 'image: "disks/db.qcow2"' "$HOME_DIR/found/assembly.yaml" || fail "the disk is not named"
expect 0 "$MUSTER" introspect "$HOME_DIR/found/disks/db.qcow2"
expect_text original

say "what is no machine"
expect 2 "$MUSTER" introspect machine:
expect 2 "$MUSTER" introspect machine:small/db/
expect 2 "$MUSTER" introspect both=machine:small
expect_text "without NAME="
expect 3 "$MUSTER" introspect machine:nothing/db
expect 3 "$MUSTER" introspect machine:small/nobody
expect_text "it has db, web"

say "a copy that fails, and one that is aborted"
echo copy-fails >"$FAKE_QEMU_DIR/db"
expect 9 "$MUSTER" introspect machine:small/db
expect_text "copying the disks of machine 'db': QEMU says: No space left on device"
nothing_copied "after a failure"
echo copy-ms=600000 >"$FAKE_QEMU_DIR/db"
"$MUSTER" introspect machine:small >"$HOME_DIR/out" 2>&1 &
reader=$!
wait_until "no copy is made" copy_runs
expect 7 "$MUSTER" introspect machine:small/web
expect_text "copy disks of small"
expect 7 "$MUSTER" stop small
kill -INT $reader
code=0
wait $reader || code=$?
[ $code = 130 ] || fail "an interrupt ended with $code: $(cat "$HOME_DIR/out")"
nothing_copied "after an abort"
rm "$FAKE_QEMU_DIR/db"
expect 0 "$MUSTER" introspect machine:small

say "a freeze that does not come about: required, or done without"
expect 2 "$MUSTER" template save --no-freeze small db golden
for why in no-freeze:5:"cannot freeze" freeze-fails:9:"told to fail" freeze-late:8:"did not stand still" \
    no-agent:5:"is not connected"; do
    IFS=: read -r order code text <<<"$why"
    "$MUSTER" --quiet down small >/dev/null
    echo "$order" >"$FAKE_QEMU_DIR/db"
    "$MUSTER" --quiet up "$HOME_DIR/small.ova" >/dev/null
    expect "$code" "$MUSTER" template save --live small db golden
    expect_text "freezing machine 'db'"
    expect_text "$text"
    expect_text "--no-freeze"
    nothing_copied "after $order"
    expect 0 "$MUSTER" introspect machine:small/db
done
rm "$FAKE_QEMU_DIR/db"
"$MUSTER" --quiet down small >/dev/null
"$MUSTER" --quiet up "$HOME_DIR/small.ova" >/dev/null
# As far as the copy it goes; this one has no system that boots.
expect 4 "$MUSTER" template save --live small db golden
expect_text "2 of its file systems stood still while the copy began"
expect 4 "$MUSTER" template save --live --no-freeze small db golden
expect_text "as if its power had failed"
[ "$("$MUSTER" template ls --json | json 'len(x)')" = 0 ] || fail "a template was made"
nothing_copied "after saving"

say "the daemon dies while a copy is made"
for signal in KILL TERM; do
    echo copy-ms=600000 >"$FAKE_QEMU_DIR/db"
    "$MUSTER" introspect machine:small/db >"$HOME_DIR/out" 2>&1 &
    reader=$!
    wait_until "no copy is made" copy_runs
    rm "$FAKE_QEMU_DIR/db"
    kill -$signal "$(daemon_pid)"
    wait $reader || fail "$signal of the daemon: $(cat "$HOME_DIR/out")"
    grep -q original "$HOME_DIR/out" || fail "$signal of the daemon: $(cat "$HOME_DIR/out")"
    all_run || fail "$signal of the daemon: a machine does not run"
    nothing_copied "after $signal of the daemon"
done

say "the reader dies: the daemon finishes, the next reader tidies up"
echo copy-ms=1500 >"$FAKE_QEMU_DIR/db"
"$MUSTER" introspect machine:small/db >"$HOME_DIR/out" 2>&1 &
reader=$!
wait_until "no copy is made" copy_runs
kill -9 $reader
wait $reader || true
rm "$FAKE_QEMU_DIR/db"
copy_ended() { ! copy_runs; }
wait_until "the copy does not end" copy_ended
expect 0 "$MUSTER" introspect machine:small/db
nothing_copied "after the next reader"

say "stopped: read where they are"
"$MUSTER" stop small
before=$(sha256sum "$XDG_DATA_HOME"/muster/machines/*/*.qcow2)
expect 0 "$MUSTER" introspect machine:small --json
[ "$(json '[m["os"]["hostname"] for m in x["machines"]]' <<<"$OUTPUT")" = "['original', 'original']" ] ||
    fail "not both: $OUTPUT"
[ "$before" = "$(sha256sum "$XDG_DATA_HOME"/muster/machines/*/*.qcow2)" ] || fail "a machine's disk has changed"
expect 5 "$MUSTER" capture machine:small/db -o "$HOME_DIR/captured.ova"
expect_text "starts by"
"$MUSTER" down small
assert_nothing_left
say "passed"
