#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The same deployment by a user without any privilege.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
new_home
make_guestbook
if [ "$(id -u)" != 0 ]; then
    say "this user has no privilege anyway"
    as_user=()
else
    chown -R 65534:65534 "$HOME_DIR"
    as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --inh-caps=-all)
fi
chmod 644 "$E2E_DIR/guestbook.ova" "$E2E_DIR/cert.pem"
# A copy: the checkout may be in a folder that only its owner can enter.
cp "$MUSTER" "$HOME_DIR/muster.bin"
cat >"$HOME_DIR/muster" <<EOF
#!/bin/sh
exec ${as_user[*]:-} $HOME_DIR/muster.bin "\$@"
EOF
chmod 755 "$HOME_DIR/muster"
MUSTER=$HOME_DIR/muster

"$MUSTER" up "$E2E_DIR/guestbook.ova" --trust "$E2E_DIR/cert.pem"
machines=0 switches=0
while read -r pid line; do
    [ "$(id -u)" != 0 ] || [ "$(stat -c %u "/proc/$pid")" = 65534 ] || fail "process $pid is privileged: $line"
    case $line in
        qemu-system* | */qemu-system*) machines=$((machines + 1)) ;;
        *' switch '*) switches=$((switches + 1)) ;;
    esac
done < <(our_processes)
[ "$machines" -ge 3 ] || fail "only $machines of the processes that were looked at are machines"
[ "$switches" -ge 2 ] || fail "only $switches of the processes that were looked at are networks"
wait_for_page "$(url_of guestbook)" "Guestbook"
"$MUSTER" down guestbook
assert_nothing_left
say "passed"
