# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# make_root_tree FOLDER: a root file system with a shell, and a kernel that is none: enough for recipes with steps.
make_root_tree() {
    mkdir -p "$1"
    (
        cd "$1" || exit
        mkdir -p bin boot dev etc proc root run sbin sys tmp usr/bin usr/sbin usr/lib/modules/6.1.0/kernel var/log var/www
        cp "$(command -v busybox)" bin/busybox
        for applet in sh cat chmod chown cp cut echo find grep id ln ls mkdir mkfifo rm sleep tar touch; do
            ln -s busybox "bin/$applet"
        done
        ln -s ../../bin/busybox usr/bin/env
        printf 'root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n' >etc/passwd
        printf 'root:x:0:\nwww-data:x:33:\n' >etc/group
        echo kernel >boot/vmlinuz-6.1.0
        printf 'kernel/virtio_blk.ko:\n' >usr/lib/modules/6.1.0/modules.dep
        echo module >usr/lib/modules/6.1.0/kernel/virtio_blk.ko
        head -c 3000000 /dev/urandom >usr/lib/random
        seq 300000 >usr/lib/numbers
        seq 33 >var/www/page
        find . -exec touch -h -d @1600000000 {} +
    )
}
