#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# app1: the board itself, by gunicorn.
set -e
# This one by systemd-networkd, because the colleague likes it.
rm -f /etc/network/interfaces
cat >/etc/systemd/network/10-lan.network <<'CONF'
[Match]
Name=en*

[Network]
Address=192.168.77.12/24
CONF
systemctl enable systemd-networkd.service

apt-get install -y gunicorn python3-psycopg2 python3-redis

useradd --system --home-dir /srv/board --shell /usr/sbin/nologin board
mkdir -p /srv/board /etc/board
cp /root/board.py /srv/board/board.py
cat >/etc/board/board.env <<'CONF'
# Settings of the board
DATABASE_URL=postgresql://board:n0t1z-77@db:5432/board
REDIS_URL=redis://:r3d-77@192.168.77.13:6379/0
BOARD_TITLE=Notice board
#SMTP_URL=smtp://192.168.77.15:25
CONF
chown root:board /etc/board/board.env
chmod 640 /etc/board/board.env

cat >/etc/systemd/system/board.service <<'CONF'
[Unit]
Description=Notice board
After=network.target

[Service]
User=board
WorkingDirectory=/srv/board
EnvironmentFile=/etc/board/board.env
ExecStart=/usr/bin/gunicorn --bind 0.0.0.0:8000 --threads 4 --access-logfile - board:application
Restart=always
RestartSec=3

[Install]
WantedBy=multi-user.target
CONF
systemctl enable board.service
