#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Duty 9 of docs/security.md: names, annotations, licences, member names and errors that carry terminal commands. On a
# terminal and in a pipe no control character of theirs comes through.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/sample_package.sh
. "$(dirname "$0")/sample_package.sh"
requires script --version
requires python3 --version
cd "$work"
make_files

# C1 controls and marks of direction are characters that XML may carry.
python3 - <<'PY'
text = open("shop.ovf").read()
evil = "&#x9b;2J&#x202e;evil"
text = text.replace("The database", evil).replace(">Shop<", ">" + evil + "<").replace(">inner<", ">" + evil + "<")
text = text.replace('ovf:key="title"', 'ovf:key="' + evil + '"').replace('ovf:value="Hello"', 'ovf:value="' + evil + '"')
text = text.replace("<VirtualHardwareSection>",
    "<EulaSection><Info>x</Info><License>" + evil + "</License></EulaSection>"
    "<AnnotationSection><Info>x</Info><Annotation>" + evil + "</Annotation></AnnotationSection><VirtualHardwareSection>")
open("evil.ovf", "w").write(text)
PY
make_ova evil.ova evil.ovf disk.vmdk web.iso

# A manifest that names a file with escape sequences, and an archive that holds one.
{ openssl dgst -sha256 evil.ovf disk.vmdk web.iso | sed 's/^SHA2-256/SHA256/'
  printf 'SHA256(\033]0;owned\007.iso)= %064d\n' 0; } >evil.mf
make_ova manifest.ova evil.ovf disk.vmdk web.iso evil.mf
printf x >$'\033[31mred.iso'
make_ova member.ova evil.ovf disk.vmdk web.iso $'\033[31mred.iso'
printf '<e>&\033[2J;</e>' >text.ovf

# shows_nothing COMMAND…: in a pipe and on a terminal; there CR LF ends lines and progress clears its own line.
shows_nothing() {
    "$@" >seen.pipe 2>&1 || true
    script -qec "$(printf '%q ' "$@")" /dev/null </dev/null >seen.terminal 2>&1 || true
    python3 - "$*" <<'PY'
import sys
for name in ("seen.pipe", "seen.terminal"):
    raw = open(name, "rb").read().replace(b"\r\n", b"\n").replace(b"\r\x1b[K", b"")
    text = raw.decode()
    assert text.strip(), name + " is empty"
    bad = [c for c in text if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160 or c in "\u202e\u2066"]
    assert not bad, f"{sys.argv[1]}: {name} holds {bad}: {text!r}"
PY
}

for file in evil.ovf evil.ova manifest.ova member.ova text.ovf; do
    shows_nothing "$MUSTER" inspect $file
    shows_nothing "$MUSTER" verify $file
    shows_nothing "$MUSTER" up $file --plan
done
shows_nothing "$MUSTER" inspect $'\033[31mgone.ova'
shows_nothing "$MUSTER" $'\033[31mverb'
shows_nothing "$MUSTER" inspect evil.ova --$'\033[31moption'
# What is escaped is still there to be read.
grep -q 'u009b2J.*u202eevil' <("$MUSTER" inspect evil.ova) || fail "the name is gone"
