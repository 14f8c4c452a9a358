#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A recipe that starts from a CD: an installer of ours (this host's kernel, a busybox) is booted by the runtime, reads its
# answers, makes a file system on the blank disk, unpacks the CD's system into it and powers the machine off. The image is made of
# that; the second build does not install again; an installer that hangs is an error with the end of its console.
# shellcheck source=tests/integration/functions.sh
. "$MUSTER_SOURCE_DIR/tests/integration/functions.sh"
# shellcheck source=tests/integration/root_tree.sh
. "$MUSTER_SOURCE_DIR/tests/integration/root_tree.sh"
PATH=$PATH:/usr/sbin:/sbin
requires busybox mke2fs --help
requires xorriso -version
requires qemu-system-x86_64 --version
requires debugfs -V
kernel=$(find /boot -name 'vmlinuz-*-amd64' -readable 2>/dev/null | sort | tail -n 1)
requires test -n "$kernel"
modules=/lib/modules/${kernel#/boot/vmlinuz-}
requires test -e "$modules/modules.dep"
export MUSTER_ACCEL=tcg
unset SOURCE_DATE_EPOCH

# The CD: kernel, initrd, and the system that is installed.
make_root_tree "$work/tree"
printf 'ID=debian\nVERSION_CODENAME=bookworm\n' >"$work/tree/etc/os-release"
mkdir -p "$work/initrd/bin" "$work/initrd/modules" "$work/cd/install.amd"
tar -C "$work/tree" --numeric-owner --owner=0 --group=0 -cf "$work/cd/system.tar" .
cp "$(command -v busybox)" "$work/initrd/bin/busybox"
: >"$work/initrd/modules/order"
add_module() {
    local line module
    line=$(grep -E "/$1\.ko:" "$modules/modules.dep" | head -n 1) || return 0  # built in
    # What it needs is listed so that the last is loaded first.
    for module in $(printf '%s\n' "${line#*:} " | tr ' ' '\n' | tac) "${line%%:*}"; do
        [ -e "$work/initrd/modules/${module##*/}" ] || echo "${module##*/}" >>"$work/initrd/modules/order"
        cp "$modules/$module" "$work/initrd/modules/"
    done
}
for module in virtio_pci virtio_blk virtio_scsi sr_mod isofs crc32c_generic ext4; do add_module "$module"; done
cat >"$work/initrd/init" <<'INIT'
#!/bin/busybox sh
busybox mkdir -p /dev /proc /cd /target
busybox mount -t devtmpfs dev /dev
exec >/dev/console 2>&1
busybox mount -t proc proc /proc
while read -r module; do busybox insmod "/modules/$module"; done </modules/order
. /preseed.cfg
case $mode in
    hang) echo "waiting for somebody"; busybox sleep 10000 ;;
    nothing) busybox poweroff -f ;;
esac
tries=0
until [ -b /dev/sr0 ] && [ -b /dev/vda ]; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || exit 1
    busybox usleep 50000
done
busybox mount -t iso9660 -o ro /dev/sr0 /cd || exit 1
busybox mke2fs /dev/vda >/dev/null || exit 1
busybox mount -t ext4 /dev/vda /target || exit 1
busybox tar -C /target -xf /cd/system.tar || exit 1
busybox cp /preseed.cfg /target/etc/answers
busybox umount /target
busybox sync
busybox poweroff -f
INIT
chmod 755 "$work/initrd/init"
(cd "$work/initrd" && find . | busybox cpio -o -H newc 2>/dev/null) | gzip -1 >"$work/cd/install.amd/initrd.gz"
cp "$kernel" "$work/cd/install.amd/vmlinuz"
expect_exit 0 xorriso -as mkisofs -quiet -R -o "$work/small.iso" "$work/cd"
digest=$(sha256sum "$work/small.iso" | cut -d' ' -f1)

cat >"$work/recipe.yaml" <<RECIPE
name: installed
guest: false
source: { iso: small.iso, sha256: $digest }
install: { preseed: answers, kernel_arguments: [quiet], disk: 128 MiB, memory: 256 MiB, timeout: 4 min }
disk: { size: 300 MiB }
RECIPE
echo "mode=install note='told by $$'" >"$work/answers"
expect_exit 5 "$MUSTER" build "$work/recipe.yaml" --plan
expect_text "$err" "muster build"
expect_exit 0 "$MUSTER" build "$work/recipe.yaml" -o "$work/a.raw"
start=$(($(sfdisk --json "$work/a.raw" |
    python3 -c 'import json,sys; print(json.load(sys.stdin)["partitiontable"]["partitions"][-1]["start"])') * 512))
expect_text "$(debugfs -R "cat /etc/answers" "$work/a.raw?offset=$start" 2>/dev/null)" "told by $$"
debugfs -R "dump /usr/lib/random $work/random" "$work/a.raw?offset=$start" 2>/dev/null
cmp "$work/random" "$work/tree/usr/lib/random"

# Once is enough, and nothing is left of the machine.
began=$(date +%s)
expect_exit 0 "$MUSTER" build "$work/recipe.yaml" --no-cache -o "$work/b.raw"
[ $(($(date +%s) - began)) -lt 60 ] || fail "it was installed again"
cmp "$work/a.raw" "$work/b.raw"
expect_exit 0 "$MUSTER" cache ls
expect_text "$out" "tree of a disk"

# What goes wrong.
echo "mode=nothing" >"$work/answers"
expect_exit 3 "$MUSTER" build "$work/recipe.yaml" -o "$work/c.raw"
expect_text "$err" "has no root file system"
sed -i 's/timeout: 4 min/timeout: 60 s/' "$work/recipe.yaml"
echo "mode=hang" >"$work/answers"
expect_exit 8 "$MUSTER" build "$work/recipe.yaml" -o "$work/c.raw"
expect_text "$err" "did not power the machine off"
expect_text "$err" "waiting for somebody"
# An installer ends with the build that runs it, also when that is killed.
sed -i 's/timeout: 60 s/timeout: 4 min/' "$work/recipe.yaml"
"$MUSTER" build "$work/recipe.yaml" -o "$work/c.raw" >/dev/null 2>&1 &
build=$!
qemu=
for _ in $(seq 600); do
    qemu=$(pgrep -P $build -x 'muster-[0-9a-f]*' || true)
    [ -z "$qemu" ] || break
    sleep 0.1
done
[ -n "$qemu" ] || fail "no installer was started"
kill -9 $build
wait $build || true
for _ in $(seq 100); do
    [ -e "/proc/$qemu" ] || break
    sleep 0.1
done
[ ! -e "/proc/$qemu" ] || fail "the installer runs on without its build"
sed -i 's/install: {/install: { kernel: \/boot\/linux,/' "$work/recipe.yaml"
expect_exit 3 "$MUSTER" build "$work/recipe.yaml" -o "$work/c.raw"
sed -i "s/$digest/${digest//[0-4]/5}/" "$work/recipe.yaml"
expect_exit 4 "$MUSTER" build "$work/recipe.yaml" -o "$work/c.raw"
expect_text "$err" "$digest"
[ ! -e "$work/c.raw" ] || fail "something was written"
! pgrep -f "qemu.*$work" >/dev/null || fail "a machine is left"
