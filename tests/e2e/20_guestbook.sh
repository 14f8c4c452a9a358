#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The whole product once: build, pack, sign, verify, deploy, use, stop, start, kill the daemon, take down.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
new_home
make_guestbook
OVA=$E2E_DIR/guestbook.ova

say "verify and inspect"
expect 0 "$MUSTER" verify "$OVA" --trust "$E2E_DIR/cert.pem"
expect_text "muster e2e"
expect 0 "$MUSTER" inspect "$OVA"
expect_text "web"
expect 0 "$MUSTER" up "$OVA" --plan
expect_text "10.84."
[ ! -e "$XDG_DATA_HOME/muster/muster.db" ] || fail "--plan touched the store"

# No bridge and no tap: all is done by processes of the user, also when that is root.
links() { ! command -v ip >/dev/null || ip -o link | sed 's/^[0-9]*: \([^:@]*\).*/\1/'; }
links_before=$(links)

say "up"
start=$(date +%s.%N)
"$MUSTER" up "$OVA" --trust "$E2E_DIR/cert.pem" --set web.title="Hello from e2e"
URL=$(url_of guestbook)
curl -fsS "$URL" >/dev/null
say "first answer after $(echo "$(date +%s.%N) - $start" | bc) s"
JOB=$("$MUSTER" jobs --json | json '[j["id"] for j in x if j["kind"]=="deploy"][0]')
"$MUSTER" job show "$JOB"

say "the page, an entry, and the entry again"
wait_for_page "$URL" "Hello from e2e"
curl -fsS -X POST --data-urlencode "message=first entry" "${URL}entries" >/dev/null
wait_for_page "$URL" "first entry"
expect 0 "$MUSTER" status --host
expect_text "accelerator"
expect_text "rootless"
# It says how the machines really run; without /dev/kvm there is only one way.
case $(our_processes) in
    *"-accel kvm"*) expect_text "accelerator  kvm: " ;;
    *) expect_text "accelerator  tcg: " ;;
esac
[ "$(links)" = "$links_before" ] || fail "network interfaces of this host have changed: $(links)"
expect 0 "$MUSTER" ps
expect_text "10.84.0.10"

say "a key from the host is seen in the guest, and one of the guest on the host"
expect 0 "$MUSTER" kv set guestbook web title "Changed title"
wait_for_page "$URL" "Changed title"
expect 0 "$MUSTER" kv wait guestbook db app.ready 1
expect 0 "$MUSTER" kv get guestbook web title
expect_text "Changed title"
expect 3 "$MUSTER" kv get guestbook web no.such.key
expect 0 "$MUSTER" logs guestbook db
expect_text "systemd"

say "a value that cannot be is refused, and said; the old one stays in force"
expect 0 "$MUSTER" inspect "$OVA"
expect_text "output db (postgresql) to db.postgresql by back: db.host, db.port"
expect 0 "$MUSTER" kv set guestbook web http.port 99999
expect 0 "$MUSTER" kv wait guestbook web muster.config.error
expect_text "the value of 'http.port' is not a port"
expect 0 "$MUSTER" status guestbook
expect_text "problem      web: the value of 'http.port' is not a port (1 to 65535) (muster.config.error)"
wait_for_page "$URL" "Changed title"

say "a port makes the file new and the service move, and back"
expect 0 "$MUSTER" kv set guestbook web http.port 81
page_fails() { ! curl -fsS --max-time 5 "$URL" >/dev/null 2>&1; }
wait_until "nginx answers on port 80 still" page_fails
no_problem() { ! "$MUSTER" kv get guestbook web muster.config.error >/dev/null 2>&1; }
wait_until "the problem is told still" no_problem
expect 0 "$MUSTER" kv set guestbook web http.port 80
wait_for_page "$URL" "Changed title"
for port in 8090 8080; do # a restart of the application, then a reload of nginx
    expect 0 "$MUSTER" kv set guestbook app http.port "$port"
    wait_until "the application stays where it was" page_fails
    expect 0 "$MUSTER" kv set guestbook web app.port "$port"
    wait_for_page "$URL" "first entry"
done
expect 0 "$MUSTER" status guestbook
[[ $OUTPUT != *problem* ]] || fail "a problem is left: $OUTPUT"

say "killing the daemon"
kill -9 "$(daemon_pid)"
curl -fsS "$URL" >/dev/null || fail "the application went with the daemon"
[ "$("$MUSTER" ps --json | json 'all(m["state"]=="running" for d in x for m in d["machines"])')" = True ] ||
    fail "a machine is not adopted"
expect 0 "$MUSTER" kv wait guestbook web title "Changed title"

say "a machine that goes on is read and becomes a template, frozen for a moment; a deployment is made of that"
boot=$("$MUSTER" kv get guestbook web muster.boot.id)
expect 0 "$MUSTER" introspect machine:guestbook/web
expect_text nginx
[[ $OUTPUT != *"was not unmounted"* ]] || fail "it was not frozen: $OUTPUT"
expect 0 "$MUSTER" template save --live guestbook web golden
expect_text "1 of its file systems stood still while the copy began"
[ "$("$MUSTER" kv get guestbook web muster.boot.id)" = "$boot" ] || fail "the machine was started anew"
wait_for_page "$URL" "first entry"
mkdir "$HOME_DIR/golden"
cat >"$HOME_DIR/golden/assembly.yaml" <<'YAML'
muster: 1
name: golden
version: 1.0.0
machines: { web: { image: "template:golden", memory: 256 MiB, ready: { key: muster.configured } } }
YAML
expect 0 "$MUSTER" pack "$HOME_DIR/golden" -o "$HOME_DIR/golden.ova"
expect 0 "$MUSTER" introspect "$HOME_DIR/golden.ova"
expect_text nginx
"$MUSTER" up "$HOME_DIR/golden.ova"
[ "$("$MUSTER" kv get golden web muster.boot.id)" != "$boot" ] || fail "the template was not booted"
"$MUSTER" down golden
[ "$("$MUSTER" kv get guestbook web muster.boot.id)" = "$boot" ] || fail "the machine was started anew"

say "stop and start"
"$MUSTER" stop guestbook
[ -z "$(our_processes | grep qemu || true)" ] || fail "a machine runs on"
before=$(sha256sum "$XDG_DATA_HOME"/muster/machines/*/*.qcow2)
expect 7 "$MUSTER" template save guestbook web golden
expect 0 "$MUSTER" template save guestbook web golden --force
expect_text "template:golden"
expect 3 "$MUSTER" template save guestbook nobody other
[ "$before" = "$(sha256sum "$XDG_DATA_HOME"/muster/machines/*/*.qcow2)" ] || fail "a machine's disk has changed"
[ "$("$MUSTER" template ls --json | json 'x[0]["image"]')" = template:golden ] || fail "the template is not listed"
expect 0 "$MUSTER" template rm golden
expect 3 "$MUSTER" template rm golden
"$MUSTER" start guestbook
[ "$(url_of guestbook)" = "$URL" ] || fail "the port has changed"
wait_for_page "$URL" "first entry"
wait_for_page "$URL" "Changed title"

say "a second one from standard input, beside the first"
"$MUSTER" up - --name second --trust "$E2E_DIR/cert.pem" <"$OVA"
[ "$(url_of second)" != "$URL" ] || fail "two deployments on one port"
wait_for_page "$(url_of second)" "Guestbook"
expect 7 "$MUSTER" up "$OVA" --name second --trust "$E2E_DIR/cert.pem"
expect_text "second"
"$MUSTER" down second
wait_for_page "$URL" "first entry"

say "down"
"$MUSTER" down guestbook
assert_nothing_left
[ "$(links)" = "$links_before" ] || fail "network interfaces of this host have changed: $(links)"
expect 3 "$MUSTER" down guestbook
say "passed"
