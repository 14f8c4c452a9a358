#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Three machines that know nothing of muster, set up by hand: found out, captured into one signed package, deployed on
# other addresses, used. REFERENCE_DISKS names a folder with their disks, else they are made.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
new_home
make_key
DISKS=${REFERENCE_DISKS:-$HOME_DIR/disks}
if [ ! -f "$DISKS/db.qcow2" ]; then
    say "making the reference application's disks"
    WORK=$HOME_DIR "$SOURCE_DIR/tests/e2e/reference/make_disks.sh" "$DISKS" >/dev/null
fi
SOURCES=("app=$DISKS/app.qcow2" "$DISKS/db.qcow2" "$DISKS/web.qcow2")
sha256sum "$DISKS"/*.qcow2 >"$HOME_DIR/sums"

say "introspect: the connections are those of truth.yaml"
"$MUSTER" introspect "${SOURCES[@]}" --json >"$HOME_DIR/before.json"
python3 - "$SOURCE_DIR/tests/e2e/reference/truth.yaml" "$HOME_DIR/before.json" <<'PYTHON'
import json, re, sys
# The one list of the file that is needed, each entry on a line of its own.
truth = set()
for line in open(sys.argv[1], encoding="utf-8"):
    entry = re.match(r"\s+- \{ from: (\w+)/(\w+), to: (\w+)/(\w+), protocol: (\w+), port: (\d+), file: (\S+) \}", line)
    if entry:
        truth.add(entry.groups())
found = {(c["from"]["machine"], c["from"]["component"], c["to"]["machine"], c["to"]["component"], c["protocol"],
          str(c["port"]), c["output_evidence"]["file"].lstrip("/"))
         for c in json.load(open(sys.argv[2], encoding="utf-8"))["connections"]}
assert len(truth) == 3 and found == truth, f"found {found}, not {truth}"
PYTHON

say "introspect -o: an assembly file with their disks, recipes that rebuild them"
expect 0 "$MUSTER" introspect "${SOURCES[@]}" -o "$HOME_DIR/board" --recipes
expect_text "start: db; then app; then web"
expect_text "muster pack $HOME_DIR/board -o board.ova"
grep -q 'image: "recipes/web"' "$HOME_DIR/board/assembly.yaml" || fail "web's recipe is not its image"
expect 7 "$MUSTER" introspect "${SOURCES[@]}" -o "$HOME_DIR/board"
expect_text "not an empty folder"
expect 2 "$MUSTER" introspect "${SOURCES[@]}" --recipes
! grep -rqE 'n0t1z-77|r3d-77' "$HOME_DIR/board" || fail "a password was copied out"

say "a machine rebuilt from its recipe lost nothing but what the recipe says it leaves out"
"$MUSTER" --quiet build "$HOME_DIR/board/recipes/web" -o "$HOME_DIR/web-again.qcow2" >/dev/null
expect 10 "$MUSTER" introspect --compare "$DISKS/web.qcow2" "$HOME_DIR/web-again.qcow2" --exit-code
MEANT='^[a-z]|^  \+ .*muster|^  \+ serial-getty@|^  [-~] (ifupdown|networking\.service|systemd-network)|: password: yes -> no$'
MEANT+='|^  - password hash|^  - ssh host key|^  ~ /: |/etc/hosts|^  - ens3$|/99mmdebstrap:'
LEFT=$(grep -vE "$MEANT" <<<"$OUTPUT" || true)
[ -z "$LEFT" ] || fail "the rebuilt machine has lost something: $LEFT"
rm "$HOME_DIR"/web-again.*

say "capture"
expect 3 "$MUSTER" capture "$HOME_DIR/nothing" -o "$HOME_DIR/board.ova"
"$MUSTER" capture "${SOURCES[@]}" -o "$HOME_DIR/board.ova" --key "$E2E_DIR/key.pem" --cert "$E2E_DIR/cert.pem"
expect 0 "$MUSTER" verify "$HOME_DIR/board.ova" --trust "$E2E_DIR/cert.pem"
sha256sum -c --quiet "$HOME_DIR/sums" || fail "a source has changed"
[ -z "$(find "$HOME_DIR" -maxdepth 1 -name '.capture*')" ] || fail "something is left behind"

say "compare: nothing but what was meant"
"$MUSTER" introspect "$HOME_DIR/board.ova" --json >"$HOME_DIR/after.json"
expect 10 "$MUSTER" introspect --compare "$HOME_DIR/before.json" "$HOME_DIR/after.json" --exit-code
MEANT='^machine |^  \+ .*muster|^  ~ systemd-networkd(-wait-online)?\.service: enabled: no -> yes$|^  ~ /: UUID='
MEANT+='|^  - (ens3|en\*)$|^  - /etc/systemd/network/10-lan\.network: added$|^  - (ssh host|private) key in /etc/ss[hl]/'
LEFT=$(grep -vE "$MEANT" <<<"$OUTPUT" || true)
[ -z "$LEFT" ] || fail "differences that nobody wanted: $LEFT"

say "up"
"$MUSTER" up "$HOME_DIR/board.ova" --trust "$E2E_DIR/cert.pem"
URL=$(url_of board)
wait_for_page "$URL" "Welcome to the board"
curl -fsS -X POST --data-urlencode "text=pinned elsewhere" "${URL}notices" >/dev/null
wait_for_page "$URL" "pinned elsewhere"
[[ $(curl -fsS "$URL") =~ Visit\ number\ [1-9] ]] || fail "Redis does not count"
expect 0 "$MUSTER" ps
expect_text "10.84."
for machine in web app db; do
    expect 0 "$MUSTER" kv list board $machine
    expect_text "muster.ip."
    [[ $OUTPUT != *192.168.77.* ]] || fail "an old address is on $machine: $OUTPUT"
done

say "down"
"$MUSTER" down board
assert_nothing_left
say "passed"
