# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the end-to-end scripts share. Each runs the program that a user types, on folders of its own:
#   MUSTER    the program (default: build/release/bin/muster)
#   E2E_DIR   kept between the scripts of one run: built images, keys, guestbook.ova (default: a temporary folder)
set -euo pipefail

SOURCE_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
MUSTER=${MUSTER:-$SOURCE_DIR/build/release/bin/muster}
E2E_DIR=${E2E_DIR:-/tmp/muster-e2e}
mkdir -p "$E2E_DIR"
export XDG_CACHE_HOME=$E2E_DIR/cache
chmod 755 "$E2E_DIR"

say() { printf '%s  %s\n' "$(date +%T)" "$*"; }
fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# A home of this script's own, removed with its daemon at the end. Socket paths are short: 107 bytes at most.
new_home() {
    HOME_DIR=$(mktemp -d /tmp/me-XXXXXX)
    chmod 755 "$HOME_DIR"
    export HOME=$HOME_DIR/home XDG_DATA_HOME=$HOME_DIR/data XDG_CONFIG_HOME=$HOME_DIR/config
    export XDG_RUNTIME_DIR=$HOME_DIR/run
    mkdir -p "$HOME" "$XDG_DATA_HOME" "$XDG_CONFIG_HOME"
    mkdir -m 700 "$XDG_RUNTIME_DIR"
    trap end_home EXIT
}

end_home() {
    local status=$?
    if [ $status -ne 0 ]; then
        say "the daemon's log:"
        tail -n 40 "$XDG_DATA_HOME/muster/serve.log" 2>/dev/null || true
        tail -n 30 "$XDG_DATA_HOME"/muster/failed/*/*.log 2>/dev/null || true
    fi
    for name in $("$MUSTER" ps --json 2>/dev/null | json '" ".join(d["name"] for d in x)'); do
        "$MUSTER" --quiet down "$name" >/dev/null 2>&1 || true
    done
    "$MUSTER" serve --stop >/dev/null 2>&1 || true
    [ -z "${FILE_SERVER:-}" ] || kill "$FILE_SERVER" 2>/dev/null || true
    our_processes | while read -r pid _; do kill -9 "$pid" 2>/dev/null || true; done
    ! mountpoint -q "$HOME_DIR/small" || umount -l "$HOME_DIR/small"  # of 40_bad_input
    rm -rf "$HOME_DIR"
    exit $status
}

# json EXPRESSION: evaluates a Python expression over the JSON document x on standard input.
json() { python3 -c 'import json,sys; x=json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }

# Runs a command that has to end with this code; its output is left in $OUTPUT.
OUTPUT=
expect() {
    local wanted=$1 got=0
    shift
    OUTPUT=$("$@" 2>&1) || got=$?
    [ "$got" = "$wanted" ] || fail "'$*' ended with $got, not $wanted: $OUTPUT"
}
expect_text() {
    case "$OUTPUT" in
        *"$1"*) ;;
        *) fail "'$1' is not in: $OUTPUT" ;;
    esac
}

# Processes that belong to this script's home: QEMUs, switches, the daemon. "PID command line" each.
our_processes() {
    local process name line
    for process in /proc/[0-9]*; do
        name=$(cat "$process/comm" 2>/dev/null) || continue
        case "$name" in
            muster* | qemu* | fake_qemu* | switch*) ;;
            *) continue ;;
        esac
        # A process may end while it is looked at.
        line=$({ tr '\0' '\n' <"$process/environ"; } 2>/dev/null) || continue
        if [[ $'\n'$line$'\n' == *$'\n'"XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR"$'\n'* ]]; then
            line=$({ tr '\0' ' ' <"$process/cmdline"; } 2>/dev/null) || continue
            printf '%s %s\n' "${process#/proc/}" "$line"
        fi
    done
}

# The pid of this home's daemon; fails when there is none.
daemon_pid() {
    local pid
    pid=$(our_processes | awk '$3 == "serve" { print $1 }')
    [ -n "$pid" ] || fail "no daemon found"
    echo "${pid%%[[:space:]]*}"
}

# What may be in the data and runtime folders when there is no deployment; logs of machines that did not come up too.
MAY_REMAIN='muster\.db(-wal|-shm|\.lock)?|serve\.log|accel\.json|images(/\.lock|/\.quarantine|/\.removed)?|machines|templates(/\.lock)?|networks(/\.lock)?'
MAY_REMAIN+='|failed(/[^/]+(/[^/]+\.(console|qemu)\.log)?)?'
MAY_REMAIN_RUNNING='api\.sock(\.lock)?|serve-start\.lock|m|n'

# After a deployment went down: no process, no file, no folder, no socket of it.
assert_nothing_left() {
    local left
    left=$(our_processes | awk '$3 != "serve" && $3 != "ps"')
    [ -z "$left" ] || fail "processes are left: $left"
    left=$({ find "$XDG_DATA_HOME/muster" -mindepth 1 -printf '%P\n' | grep -vxE "$MAY_REMAIN"; } || true)
    [ -z "$left" ] || fail "left in the data folder: $left"
    left=$({ find "$XDG_RUNTIME_DIR/muster" -mindepth 1 -printf '%P\n' | grep -vxE "$MAY_REMAIN_RUNNING"; } || true)
    [ -z "$left" ] || fail "left in the runtime folder: $left"
    [ "$("$MUSTER" ps --json | json 'len(x)')" = 0 ] || fail "a deployment is left"
}

# The fake QEMU of the dev build instead of the real one: machines that boot at once.
use_fake_qemu() {
    FAKE_QEMU=${FAKE_QEMU:-$SOURCE_DIR/build/dev/bin/fake_qemu}
    [ -x "$FAKE_QEMU" ] || fail "'$FAKE_QEMU' is missing: build the dev preset first, or set FAKE_QEMU"
    export MUSTER_QEMU=$FAKE_QEMU MUSTER_ACCEL=tcg
}

# make_small NAME READY: a package for the fake QEMU: two machines, two networks, a published port, disks of a megabyte.
make_small() {
    mkdir "$HOME_DIR/$1"
    head -c 300000 /dev/urandom >"$HOME_DIR/$1/disk.raw"
    truncate -s 1M "$HOME_DIR/$1/disk.raw"
    cat >"$HOME_DIR/$1/assembly.yaml" <<EOF
muster: 1
name: $1
version: 1.0.0
networks:
  back: { isolated: true }
  front: {}
machines:
  db:
    image: disk.raw
    memory: 64 MiB
    networks: [back]
    properties: { password: { type: password, generate: 16 } }
  web:
    image: disk.raw
    memory: 64 MiB
    after: [db]
    networks: [back, front]
    properties: { secret: { value: "\${db.password}" } }
$2
publish:
  - { machine: web, port: 80, as: http }
EOF
    "$MUSTER" pack "$HOME_DIR/$1" -o "$HOME_DIR/$1.ova" >/dev/null
}

# serve_files FOLDER: over HTTP until the script ends; its address is left in $FILES_URL.
serve_files() {
    python3 - "$1" "$HOME_DIR/files-port" >/dev/null 2>&1 <<'EOF' &
import functools, http.server, os, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
with open(sys.argv[2] + ".new", "w") as port:
    port.write(str(server.server_port))
os.rename(sys.argv[2] + ".new", sys.argv[2])
server.serve_forever()
EOF
    FILE_SERVER=$!
    wait_until "the file server does not start" test -s "$HOME_DIR/files-port"
    # shellcheck disable=SC2034  # read by the scripts
    FILES_URL=http://127.0.0.1:$(cat "$HOME_DIR/files-port")
}

# wait_until COMPLAINT COMMAND…: until the command succeeds, two minutes at most.
wait_until() {
    local complaint=$1
    shift
    for _ in $(seq 1200); do
        if "$@"; then return; fi
        sleep 0.1
    done
    fail "$complaint"
}

# boot_disk bios|uefi DISK TEXT: starts a disk (qcow2 or raw, by its extension) in a bare QEMU by that firmware, without
# changing it, until TEXT is on its serial console, four minutes at most. The console is left in $HOME_DIR/FIRMWARE.console.
boot_disk() {
    local firmware=$1 disk=$2 text=$3 console=$HOME_DIR/$1.console flash=() qemu
    if [ "$firmware" = uefi ]; then
        cp /usr/share/OVMF/OVMF_VARS_4M.fd "$HOME_DIR/uefi.vars"
        flash=(-drive "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd"
            -drive "if=pflash,format=raw,file=$HOME_DIR/uefi.vars")
    fi
    rm -f "$console"
    qemu-system-x86_64 -machine q35 -accel tcg,thread=multi,tb-size=256 -cpu max -m 384 -nodefaults -no-reboot \
        -display none "${flash[@]}" -drive "if=virtio,format=${disk##*.},snapshot=on,file=$disk" \
        -serial "file:$console" &
    qemu=$!
    for _ in $(seq 480); do
        if grep -qaF "$text" "$console" 2>/dev/null; then
            kill $qemu
            wait $qemu || true
            return 0
        fi
        kill -0 $qemu 2>/dev/null || break
        sleep 0.5
    done
    kill $qemu 2>/dev/null || true
    tail -n 20 "$console" >&2 || true
    fail "'$text' is not on the console of $disk, started by $firmware"
}

# The signing key and certificate of the tests.
make_key() {
    [ -f "$E2E_DIR/key.pem" ] && return
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj '/CN=muster e2e' \
        -keyout "$E2E_DIR/key.pem" -out "$E2E_DIR/cert.pem" 2>/dev/null
}

# guestbook.ova, built from the recipes when it is not there yet.
make_guestbook() {
    make_key
    if [ ! -f "$E2E_DIR/guestbook.ova" ]; then
        say "building and packing the guestbook"
        "$MUSTER" pack "$SOURCE_DIR/templates/guestbook" -o "$E2E_DIR/guestbook.ova" \
            --key "$E2E_DIR/key.pem" --cert "$E2E_DIR/cert.pem"
    fi
}

url_of() { "$MUSTER" status "$1" --json | json 'x["urls"]["http"]'; }

# The page must say this within a while.
wait_for_page() {
    local url=$1 wanted=$2
    for _ in $(seq 60); do
        if [[ $(curl -fsS --max-time 10 "$url" 2>/dev/null || true) == *"$wanted"* ]]; then
            return 0
        fi
        sleep 0.5
    done
    fail "$url does not show '$wanted'"
}
