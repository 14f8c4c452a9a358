#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# muster introspect on machines that mean harm (tests/data/introspect/make_hostile.sh), as folders and as disks, and on disks
# whose file system is broken: it ends soon, in little memory, finds what is sound, and never shows a file of the host.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
requires mke2fs -V
requires debugfs -V
cd "$work"
cleanup_fn chmod -R u+rwX "$work/hostile"
bash "$MUSTER_SOURCE_DIR/tests/data/introspect/make_hostile.sh" "$work/hostile"

# bounded SECONDS MIB COMMAND…: its exit code; fails the test when it takes more of the processor, more memory, or dies.
cat >bounded.py <<'PY'
import resource, subprocess, sys
seconds, mib, command = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
try:
    code = subprocess.run(command, timeout=seconds * 8, stdin=subprocess.DEVNULL).returncode
except subprocess.TimeoutExpired:
    print(f"took longer than {seconds * 8} s", file=sys.stderr)
    sys.exit(99)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
if used.ru_utime + used.ru_stime > seconds:
    print(f"worked for {used.ru_utime + used.ru_stime} s, longer than {seconds}", file=sys.stderr)
    sys.exit(99)
if used.ru_maxrss // 1024 > mib:
    print(f"needed {used.ru_maxrss // 1024} MiB, more than {mib}", file=sys.stderr)
    sys.exit(98)
if code < 0:
    print(f"died of signal {-code}", file=sys.stderr)
    sys.exit(97)
sys.exit(code)
PY
seconds=${MUSTER_BOUND_SECONDS:-20} mib=${MUSTER_BOUND_MIB:-700}

# introspected ALLOWED_CODES SOURCE: text and JSON of it in $out.
introspected() {
    local codes=$1 status=0
    python3 bounded.py "$seconds" "$mib" "$MUSTER" introspect --all "$2" >.out 2>.err || status=$?
    case " $codes " in *" $status "*) ;; *) fail "$2: exit $status: $(tail -n 3 .err)" ;; esac
    out=$(tr -d '\0' <.out)
    err=$(tr -d '\0' <.err)
    case $out$err in *"this is outside of the tree"*) fail "$2: a file outside of the tree is shown" ;; esac
    if LC_ALL=C grep -q $'\x1b' .out .err; then
        fail "$2: a terminal's commands come through"
    fi
}

for machine in hostile/*/; do
    machine=${machine%/}
    introspected 0 "$machine"
    expect_text "$out" "8080"
    status=0
    python3 bounded.py "$seconds" "$mib" "$MUSTER" introspect --json "$machine" >.json 2>.err || status=$?
    [ $status = 0 ] || fail "$machine --json: exit $status"
    python3 -c 'import json, sys; json.load(open(sys.argv[1]))' .json || fail "$machine: not JSON"
    # The same out of a disk. A socket and a device are not for everybody to copy.
    name=${machine#hostile/}
    mke2fs -q -F -t ext4 -d "$machine" "$name.img" 6G >.out 2>.err || { echo "$name: no disk of it: $(tail -n 1 .err)"; continue; }
    introspected 0 "$name.img"
    expect_text "$out" "8080"
done
[ -e links.img ] || fail "no disk was made"

# Disks that are broken: each ends in findings or an error that says what is damaged.
mkdir -p whole/etc/systemd/system whole/usr/lib whole/var/lib/dpkg
printf 'ID=debian\nVERSION_ID="12"\n' >whole/usr/lib/os-release
for i in $(seq 200); do echo "[Service]" >"whole/etc/systemd/system/s$i.service"; done
seq 100000 >whole/var/lib/dpkg/status
mke2fs -q -F -t ext4 -O ^metadata_csum -d whole whole.img 32M
truncate -s 10M cut.img
dd if=whole.img of=cut.img bs=1M count=10 conv=notrunc status=none
cp whole.img groups.img && dd if=/dev/zero of=groups.img bs=1024 seek=4 count=8 conv=notrunc status=none
cp whole.img loop.img && debugfs -w -R 'sif /etc block[0] 99999999' loop.img 2>/dev/null
cp whole.img itself.img && debugfs -w -R 'link /etc /etc/systemd/again' itself.img 2>/dev/null
cp whole.img size.img && debugfs -w -R 'sif /var/lib/dpkg/status size 9223372036854775807' size.img 2>/dev/null
head -c 20M /dev/urandom >noise.img
: >empty.img
for seed in 1 2 3 4; do
    cp whole.img "seed$seed.img"
    python3 - "seed$seed.img" "$seed" <<'PY'
import random, sys
random.seed(int(sys.argv[2]))
with open(sys.argv[1], "r+b") as disk:
    for _ in range(300):  # superblock, descriptors, inodes, folders
        disk.seek(random.choice([random.randrange(1024, 65536), random.randrange(65536, 4 << 20)]))
        disk.write(bytes([random.randrange(256)]))
PY
done
for disk in cut groups loop itself size noise empty seed1 seed2 seed3 seed4; do
    introspected "0 3 4 5 10" "$disk.img"
done
