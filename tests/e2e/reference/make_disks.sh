#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make_disks.sh FOLDER: FOLDER/{web,app,db}.qcow2, ordinary Debian machines set up by the scripts beside this file. The
# disks have GPT, GRUB for BIOS and ext4. With WORK=DIR the trees are made there (default: a temporary folder).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=$PATH:/usr/sbin:/sbin

as_root=()
[ "$(id -u)" = 0 ] || as_root=(unshare --user --map-root-user --map-auto)

# in_tree TREE COMMAND…: in the tree, with its own mounts and processes; what it leaves running ends with it.
in_tree() {
    # shellcheck disable=SC2016  # for the inner shell
    "${as_root[@]}" unshare --mount --pid --fork --uts --ipc --kill-child sh -ec '
        tree=$1; shift
        mount --make-rprivate / 2>/dev/null || true
        mount -t proc proc "$tree/proc"
        mount --rbind /dev "$tree/dev"
        mount -t tmpfs -o mode=0755 run "$tree/run"
        mount -t tmpfs -o mode=1777 tmp "$tree/tmp"
        mkdir "$tree/run/lock"
        cat /etc/resolv.conf >"$tree/run/resolv.conf"
        apt-config dump | grep -E "^Acquire::https?::Proxy" >"$tree/run/apt.conf" || true
        echo "APT::Sandbox::User \"root\";" >>"$tree/run/apt.conf"
        exec chroot "$tree" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
            DEBIAN_FRONTEND=noninteractive INITRD=No APT_CONFIG=/run/apt.conf "$@"' sh "$@"
}

# What the host installs from, as one-line sources.
sources() {
    # shellcheck disable=SC2016  # for apt
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk '$2 ~ /^bookworm(-updates|-security)?$/ && $3 == "main" {
                 print "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]", $1, $2, $3 }' | sort -u
}

bootstrap() {
    # shellcheck disable=SC2016  # for mmdebstrap
    local initrd='chroot "$1" update-initramfs -c -k all'
    sources >"$work/sources.list"
    INITRD=No mmdebstrap --quiet --variant=minbase --format=tar --skip=cleanup/apt/lists \
        --include=systemd-sysv,udev,dbus,ifupdown,iproute2,openssh-server,linux-image-cloud-amd64,zstd \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
        --customize-hook="$initrd" \
        bookworm "$work/base.tar" "$work/sources.list"
}

# The machine's tree: unpacked, then what its administrator typed.
make_tree() {
    local name=$1 tree=$work/$1 script
    mkdir "$tree"
    chmod 755 "$tree"
    "${as_root[@]}" tar -C "$tree" --numeric-owner --xattrs --xattrs-include='*' -xpf "$work/base.tar"
    # shellcheck disable=SC2016  # for the inner shell
    "${as_root[@]}" sh -ec 'printf "#!/bin/sh\nexit 101\n" >"$1/usr/sbin/policy-rc.d"; chmod 755 "$1/usr/sbin/policy-rc.d"
        rm -f "$1/etc/resolv.conf"; ln -s /run/resolv.conf "$1/etc/resolv.conf"; shift; cp "$@"' sh "$tree" \
        "$here/setup-base.sh" "$here/setup-$name.sh" "$here/board.py" "$tree/root/"
    for script in "setup-base.sh $(hostname_of "$name")" "setup-$name.sh"; do
        # shellcheck disable=SC2086  # a script and its argument
        in_tree "$tree" sh /root/$script
    done
    in_tree "$tree" sh -ec 'apt-get clean
        rm -rf /var/lib/apt/lists/* /root/setup-*.sh /root/board.py /usr/sbin/policy-rc.d /etc/resolv.conf /var/log/apt/*'
}
hostname_of() { if [ "$1" = app ]; then echo app1; else echo "$1"; fi; }

# A raw disk: boot.img, its core in a partition of its own, one ext4 from the tree.
make_disk() {
    local name=$1 tree=$work/$1 raw=$work/$1.raw uuid kernel initrd
    uuid=$(cat /proc/sys/kernel/random/uuid)
    kernel=$(basename "$tree"/boot/vmlinuz-*)
    initrd=$(basename "$tree"/boot/initrd.img-*)
    # shellcheck disable=SC2016  # for the inner shell
    "${as_root[@]}" sh -ec 'sed -i "s/@ROOT@/$2/" "$1/etc/fstab"; mkdir -p "$1/boot/grub"; cat >"$1/boot/grub/grub.cfg"' \
        sh "$tree" "$uuid" <<CFG
set timeout=0
menuentry 'Debian GNU/Linux' {
    linux /boot/$kernel root=UUID=$uuid ro console=ttyS0 quiet
    initrd /boot/$initrd
}
CFG
    truncate -s 3G "$raw"
    sfdisk --quiet "$raw" <<'TABLE'
label: gpt
start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649
start=4096, size=6285312, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4
TABLE
    "${as_root[@]}" mke2fs -q -b 4096 -t ext4 -U "$uuid" -d "$tree" -E offset=$((4096 * 512)) "$raw" $((6285312 / 8)) 2>&1 |
        { grep -v '^$' >&2 || true; }
    grub-mkimage -O i386-pc -p '(hd0,gpt2)/boot/grub' -o "$work/$name.core" biosdisk part_gpt ext2 normal linux configfile
    put_grub "$work/$name.core" "$raw"
    qemu-img convert -f raw -O qcow2 "$raw" "$folder/$name.qcow2.new"
    mv "$folder/$name.qcow2.new" "$folder/$name.qcow2"
    rm "$raw"
    "${as_root[@]}" rm -rf "$tree"
}

# What grub-bios-setup writes, without a block device: where the core is, and where the rest of it is.
put_grub() {
    python3 - "$1" "$2" <<'PYTHON'
import struct
import sys
core = bytearray(open(sys.argv[1], "rb").read())
boot = bytearray(open("/usr/lib/grub/i386-pc/boot.img", "rb").read())
first = 2048
struct.pack_into("<Q", boot, 0x5C, first)
boot[0x66:0x68] = b"\x90\x90"
sectors = (len(core) + 511) // 512
struct.pack_into("<QHH", core, 0x1F4, first + 1, sectors - 1, 0x820)
with open(sys.argv[2], "r+b") as disk:
    disk.write(boot[:440])
    disk.seek(first * 512)
    disk.write(core)
PYTHON
}

[ $# = 1 ] || { echo "usage: make_disks.sh FOLDER" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
work=$(mktemp -d "${WORK:-${TMPDIR:-/tmp}}/reference-XXXXXX")
chmod 755 "$work"
trap '"${as_root[@]}" rm -rf --one-file-system "$work"' EXIT
bootstrap
jobs=()
for name in web app db; do
    (
        make_tree "$name"
        make_disk "$name"
    ) >"$folder/$name.log" 2>&1 &
    jobs+=($!)
done
failed=0
for i in 0 1 2; do
    wait "${jobs[$i]}" || failed=1
done
if [ $failed = 1 ]; then
    tail -n 20 "$folder"/{web,app,db}.log >&2
    exit 1
fi
ls -l "$folder"/*.qcow2
