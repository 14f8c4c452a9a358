#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What bad input gets: a sentence that names the thing, the documented exit code, and nothing left.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
new_home
make_guestbook
OVA=$E2E_DIR/guestbook.ova
TRUST=(--trust "$E2E_DIR/cert.pem")
BAD=$HOME_DIR/bad.ova

# A copy of the package with its members rewritten by a Python expression over (name, data).
rewrite() {
    python3 - "$OVA" "$BAD" "$1" <<'PY'
import io, sys, tarfile
source, target, action = sys.argv[1:]
with tarfile.open(source) as old, tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as new:
    for info in old.getmembers():
        data = old.extractfile(info).read()
        extra, skip = [], False
        exec(action)
        if skip:
            continue
        info.size = len(data)
        new.addfile(info, io.BytesIO(data))
        for other, content in extra:
            other.size = len(content)
            new.addfile(other, io.BytesIO(content))
PY
}

say "a flipped byte in a disk"
rewrite 'if info.name.endswith(".vmdk") and len(data) > 1000000: data = data[:900000] + bytes([data[900000] ^ 1]) + data[900001:]'
expect 4 "$MUSTER" verify "$BAD"
expect_text "does not match the manifest"
expect 4 "$MUSTER" up "$BAD"
expect_text ".vmdk"
assert_nothing_left

say "a signed package with an edited descriptor"
rewrite 'if info.name.endswith(".ovf"): data = data.replace(b"Guestbook", b"Guestb00k")'
expect 4 "$MUSTER" up "$BAD" "${TRUST[@]}"
expect_text ".ovf"
assert_nothing_left

say "an untrusted signer, and an unsigned package where a signature is asked for"
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj '/CN=somebody else' \
    -keyout "$HOME_DIR/other.key" -out "$HOME_DIR/other.pem" 2>/dev/null
expect 4 "$MUSTER" up "$OVA" --trust "$HOME_DIR/other.pem"
expect_text "trust"
rewrite 'skip = info.name.endswith((".cert", ".mf"))'
expect 4 "$MUSTER" up "$BAD" "${TRUST[@]}"
expect_text "sign"

say "member names that lead out of the package"
for name in ../evil /etc/evil; do
    rewrite 'if info.name.endswith(".ovf"):
    evil = tarfile.TarInfo("'"$name"'"); extra = [(evil, b"x")]'
    expect 4 "$MUSTER" up "$BAD"
    expect_text "evil"
done
rewrite 'if info.name.endswith(".ovf"):
    twin = tarfile.TarInfo(info.name); extra = [(twin, data)]'
expect 4 "$MUSTER" up "$BAD"
expect_text "twice"
rewrite 'if info.name.endswith(".ovf"):
    link = tarfile.TarInfo("link"); link.type = tarfile.SYMTYPE; link.linkname = "/etc/passwd"; extra = [(link, b"")]'
expect 4 "$MUSTER" up "$BAD"
expect_text "link"
assert_nothing_left

say "a DOCTYPE, in a package without a manifest that would tell first"
rewrite 'skip = info.name.endswith((".cert", ".mf"))
if info.name.endswith(".ovf"): data = data.replace(b"<Envelope", b"<!DOCTYPE x [<!ENTITY y \"z\">]><Envelope", 1).replace(b"<ovf:Envelope", b"<!DOCTYPE x [<!ENTITY y \"z\">]><ovf:Envelope", 1)'
expect 4 "$MUSTER" up "$BAD"
expect_text "DOCTYPE"

say "a truncated package on standard input"
head -c 20000000 "$OVA" >"$BAD"
expect 4 sh -c "cat $BAD | $MUSTER up -"
expect_text "standard input"
assert_nothing_left

say "wrong properties"
expect 2 "$MUSTER" up "$OVA" "${TRUST[@]}" --set web.titel=x
expect_text "web.title"
expect 2 "$MUSTER" up "$OVA" "${TRUST[@]}" --set nonsense
expect 3 "$MUSTER" up "$HOME_DIR/missing.ova"
assert_nothing_left

say "a required property that nobody sets"
mkdir "$HOME_DIR/asm"
truncate -s 1M "$HOME_DIR/asm/disk.raw"
cat >"$HOME_DIR/asm/assembly.yaml" <<'EOF'
muster: 1
name: needs
version: 1.0.0
networks: { net: {} }
machines:
  one:
    image: disk.raw
    memory: 128 MiB
    networks: [net]
    properties:
      owner: { type: string, user: true, required: true }
    ready: { key: never.set, timeout: 4 s }
EOF
expect 0 "$MUSTER" pack "$HOME_DIR/asm" -o "$HOME_DIR/needs.ova"
expect 2 "$MUSTER" up "$HOME_DIR/needs.ova"
expect_text "--set one.owner="
assert_nothing_left

say "a machine that never becomes ready"
expect 8 "$MUSTER" up "$HOME_DIR/needs.ova" --set one.owner=me
expect_text "step 'start one (1)'"
expect_text "'one' was not ready"
expect_text "failed/needs-job"
assert_nothing_left

say "a port in use"
python3 - "$HOME_DIR/port" <<'PY' &
import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
open(sys.argv[1] + ".new", "w").write(str(s.getsockname()[1]))
import os; os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(60)
PY
holder=$!
while [ ! -f "$HOME_DIR/port" ]; do sleep 0.1; done
expect 7 "$MUSTER" up "$OVA" "${TRUST[@]}" --publish "http=$(cat "$HOME_DIR/port")"
expect_text "$(cat "$HOME_DIR/port")"
kill "$holder"
assert_nothing_left

if [ "$(id -u)" = 0 ]; then
    say "no space in the store"
    "$MUSTER" serve --stop
    mkdir "$HOME_DIR/small"
    mount -t tmpfs -o size=40m tmpfs "$HOME_DIR/small"
    data=$XDG_DATA_HOME
    export XDG_DATA_HOME=$HOME_DIR/small
    expect 6 "$MUSTER" up "$OVA" "${TRUST[@]}"
    expect_text "space"
    assert_nothing_left
    "$MUSTER" serve --stop
    export XDG_DATA_HOME=$data
    umount "$HOME_DIR/small"
fi

say "Ctrl-C"
"$MUSTER" up "$OVA" "${TRUST[@]}" 2>"$HOME_DIR/err" &
up=$!
for _ in $(seq 1200); do
    [ -n "$(our_processes | grep qemu || true)" ] && break
    sleep 0.1
done
kill -INT "$up"
code=0
wait "$up" || code=$?
[ "$code" = 130 ] || fail "Ctrl-C gave $code: $(cat "$HOME_DIR/err")"
OUTPUT=$(cat "$HOME_DIR/err")
expect_text "aborted in step 'start "
expect_text "its log: muster job show"
assert_nothing_left

say "a recipe with a failing step"
mkdir "$HOME_DIR/recipe"
cat >"$HOME_DIR/recipe/recipe.yaml" <<'EOF'
name: broken
version: 1.0.0
source: { bootstrap: debian, release: bookworm }
steps:
  - run: |
      echo this is the last thing it said
      exit 3
EOF
expect 9 "$MUSTER" build "$HOME_DIR/recipe" -o "$HOME_DIR/broken.qcow2"
expect_text "this is the last thing it said"
expect_text "muster build"
[ ! -e "$HOME_DIR/broken.qcow2" ] || fail "a broken image was made"
expect 9 "$MUSTER" build "$HOME_DIR/recipe" -o "$HOME_DIR/broken.qcow2"
sed -i 's/^steps/stepps/' "$HOME_DIR/recipe/recipe.yaml"
expect 4 "$MUSTER" build "$HOME_DIR/recipe" -o "$HOME_DIR/broken.qcow2"
expect_text "recipe.yaml:4:1"
say "passed"
