#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# After the installation, on each machine: setup-base.sh NAME
set -e
name=$1
echo "$name" >/etc/hostname
cat >/etc/hosts <<HOSTS
127.0.0.1	localhost
127.0.1.1	$name.board.lan	$name

192.168.77.11	web.board.lan	web
192.168.77.12	app1.board.lan	app1
192.168.77.13	db.board.lan	db

::1     localhost ip6-localhost ip6-loopback
HOSTS
echo 'UUID=@ROOT@ / ext4 errors=remount-ro 0 1' >/etc/fstab
echo "root:$name-root" | chpasswd
useradd --create-home --shell /bin/bash --groups sudo admin 2>/dev/null || useradd --create-home --shell /bin/bash admin
echo 'admin:letmein' | chpasswd
rm -f /etc/machine-id
systemd-machine-id-setup
ssh-keygen -A
