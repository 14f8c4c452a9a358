#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot_disks.sh FOLDER: boots the disks that make_disks.sh made with QEMU, as they are: one network of QEMU's own, their
# old addresses. Writes a notice through the page and reads it again. The disks are not changed.
set -euo pipefail
folder=$1
work=$(mktemp -d /tmp/reference-boot-XXXXXX)
accel=${MUSTER_ACCEL:-tcg}
pids=()
trap '[ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null; rm -rf "$work"' EXIT

read -r page app_wire db_wire <<<"$(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*[s.getsockname()[1] for s in sockets])')"

# boot NAME MAC NETDEV…: the network card is where the administrators saw it: ens3.
boot() {
    local name=$1 mac=$2
    shift 2
    qemu-system-x86_64 -machine pc -accel "$accel" -m 384 -nodefaults -display none -no-reboot \
        -serial "file:$work/$name.console" -snapshot -drive "file=$folder/$name.qcow2,if=virtio,format=qcow2" \
        -device "virtio-net-pci,netdev=port,addr=3,mac=$mac" "$@" &
    pids+=($!)
}

# web's process is the switch: the other two plug in, and the host's way to the page.
boot web 52:54:00:77:00:11 -netdev hubport,id=port,hubid=0 \
    -netdev socket,id=a,listen="127.0.0.1:$app_wire" -netdev hubport,id=ha,hubid=0,netdev=a \
    -netdev socket,id=d,listen="127.0.0.1:$db_wire" -netdev hubport,id=hd,hubid=0,netdev=d \
    -netdev "user,id=u,restrict=on,net=192.168.77.0/24,host=192.168.77.1,dns=192.168.77.2,hostfwd=tcp:127.0.0.1:$page-192.168.77.11:80" \
    -netdev hubport,id=hu,hubid=0,netdev=u
for wire in "$app_wire" "$db_wire"; do
    for _ in $(seq 100); do
        ss -ltn "sport = :$wire" | grep -q LISTEN && break
        sleep 0.1
    done
done
boot app 52:54:00:77:00:12 -netdev socket,id=port,connect="127.0.0.1:$app_wire"
boot db 52:54:00:77:00:13 -netdev socket,id=port,connect="127.0.0.1:$db_wire"

url=http://127.0.0.1:$page/
for _ in $(seq 300); do
    if curl -fsS --max-time 10 -o "$work/page" "$url" 2>/dev/null && grep -q 'Welcome to the board' "$work/page"; then
        curl -fsS --max-time 20 --data-urlencode 'text=written on the old address' "${url}notices" >/dev/null
        curl -fsS --max-time 20 -o "$work/page" "$url"
        grep -q 'written on the old address' "$work/page"
        cat "$work/page"
        echo "works on its old addresses after $SECONDS s"
        exit 0
    fi
    sleep 1
done
echo "the page does not come" >&2
tail -n 30 "$work"/*.console >&2
exit 1
