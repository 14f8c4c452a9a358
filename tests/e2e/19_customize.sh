#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One-off changes of an image with virt-customize's flags, in the order in which they are typed; an image stays as it was
# when one fails; the boot test of an image, with what a CI reads.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
new_home
PATH=$PATH:/usr/sbin
[ "$(id -u)" = 0 ] || { echo "skipped: changing images by mounting them requires root"; exit 77; }

say "an image that passes its boot test"
expect 2 "$MUSTER" build "$SOURCE_DIR/templates/nginx" -o "$HOME_DIR/nginx.qcow2" --junit "$HOME_DIR/junit.xml"
expect_text "--boot-test"
expect 0 "$MUSTER" build "$SOURCE_DIR/templates/nginx" -o "$HOME_DIR/nginx.qcow2" --boot-test --boot-port 80 \
    --junit "$HOME_DIR/junit.xml"
[ "$(json 'x["passed"]' <"$HOME_DIR/nginx.bootproof.json")" = True ] || fail "the boot proof is no proof"
[ "$(json 'x["disk_sha256"]' <"$HOME_DIR/nginx.bootproof.json")" = "$(sha256sum <"$HOME_DIR/nginx.qcow2" | cut -d' ' -f1)" ] ||
    fail "the boot proof is of another disk"
python3 - "$HOME_DIR/junit.xml" <<'PY'
import sys, xml.etree.ElementTree as tree
suite = tree.parse(sys.argv[1]).getroot().find("testsuite")
assert suite.get("failures") == "0" and len(suite.findall("testcase")) == 2, tree.tostring(suite)
PY
assert_nothing_left

say "operations that go wrong leave the image as it was"
before=$(sha256sum <"$HOME_DIR/nginx.qcow2")
expect 2 "$MUSTER" customize "$HOME_DIR/nginx.qcow2"
expect 2 "$MUSTER" customize "$HOME_DIR/nginx.qcow2" --instal nginx
expect 2 "$MUSTER" customize "$HOME_DIR/nginx.qcow2" --write etc/motd:x
expect_text "absolute path"
expect 3 "$MUSTER" customize "$HOME_DIR/none.qcow2" --mkdir /a
expect 3 "$MUSTER" customize "$HOME_DIR/nginx.qcow2" --upload "$HOME_DIR/none:/a"
expect 9 "$MUSTER" customize "$HOME_DIR/nginx.qcow2" --mkdir /srv/a --run-command 'echo about to fail; exit 3'
expect_text "about to fail"
truncate -s 10M "$HOME_DIR/empty.raw"
expect 5 "$MUSTER" customize "$HOME_DIR/empty.raw" --mkdir /a
expect 0 "$MUSTER" customize --dry-run "$HOME_DIR/nginx.qcow2" --mkdir /srv/a
expect_text "nothing was changed"
[ "$(sha256sum <"$HOME_DIR/nginx.qcow2")" = "$before" ] || fail "the image was changed"

say "operations of many kinds"
echo 'echo script >/srv/script' >"$HOME_DIR/script"
sed -i '1i #!/bin/sh' "$HOME_DIR/script"
mkdir "$HOME_DIR/site"
echo page >"$HOME_DIR/site/index.html"
printf '# operations\nwrite /srv/from-file:one\n' >"$HOME_DIR/operations"
expect 0 "$MUSTER" customize "$HOME_DIR/nginx.qcow2" -o "$HOME_DIR/changed.qcow2" \
    --install less --mkdir /srv/dir --write "/srv/dir/text:it's \$HOME" --append-line '/srv/dir/text:second' \
    --run-command 'cp /srv/dir/text /srv/copy' --append-line '/srv/dir/text:third' --run "$HOME_DIR/script" \
    --copy-in "$HOME_DIR/site:/srv" --upload "$HOME_DIR/site/index.html:/srv/page" --chmod 0600:/srv/page \
    --delete '/etc/nginx/modules-ena*' --link /srv/page:/srv/link --edit '/srv/page:s/page/sheet/' --hostname changed \
    --root-password password:secret --firstboot-command 'echo hello >/srv/first' --commands-from-file "$HOME_DIR/operations"
[ "$(sha256sum <"$HOME_DIR/nginx.qcow2")" = "$before" ] || fail "the input was changed too"
expect 0 qemu-img check -f qcow2 "$HOME_DIR/changed.qcow2"
expect 0 "$MUSTER" convert "$HOME_DIR/changed.qcow2" "$HOME_DIR/changed.raw"
offset=$(sfdisk --json "$HOME_DIR/changed.raw" |
    json 'max(x["partitiontable"]["partitions"], key=lambda p: p["size"])["start"] * 512')
cp --sparse=always "$HOME_DIR/changed.raw" "$HOME_DIR/check.raw"
expect 0 e2fsck -fn "$HOME_DIR/check.raw?offset=$offset"
# shellcheck disable=SC2016  # the inner shell expands it
unshare --mount --propagation=private bash -euo pipefail -c '
    mkdir "$1/mnt"
    mount -o "ro,noload,loop,offset=$2" "$1/changed.raw" "$1/mnt"
    cd "$1/mnt"
    grep -q "ok installed" <(grep -A1 "^Package: less$" var/lib/dpkg/status)
    [ "$(cat srv/dir/text)" = "it'"'"'s \$HOME
second
third" ]
    [ "$(cat srv/copy)" = "it'"'"'s \$HOME
second" ]
    [ "$(cat srv/script srv/site/index.html srv/page srv/from-file etc/hostname)" = "script
page
sheet
onechanged" ]
    [ "$(stat -c %a srv/page)" = 600 ] && [ "$(readlink srv/link)" = /srv/page ] && [ ! -e etc/nginx/modules-enabled ]
    grep -q "^root:[$]" etc/shadow
    grep -q "echo hello" usr/lib/muster/firstboot
' sh "$HOME_DIR" "$offset" || fail "the image is not what was asked for"

say "in place"
expect 0 "$MUSTER" customize -a "$HOME_DIR/changed.qcow2" --touch /srv/again
[ "$(sha256sum <"$HOME_DIR/changed.qcow2")" != "$before" ] || fail "the image was not replaced"
expect 0 qemu-img check -f qcow2 "$HOME_DIR/changed.qcow2"
say "passed"
