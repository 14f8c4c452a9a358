#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# web: nginx in front of the board.
set -e
cat >/etc/network/interfaces <<'CONF'
source /etc/network/interfaces.d/*

auto lo
iface lo inet loopback

allow-hotplug ens3
iface ens3 inet static
    address 192.168.77.11/24
CONF

apt-get install -y nginx

rm /etc/nginx/sites-enabled/default
cat >/etc/nginx/conf.d/board.conf <<'CONF'
upstream board {
    # by its short name, see /etc/hosts
    server app1:8000 max_fails=0;
    # server 192.168.77.14:8000;   the second one never came
}

server {
    listen 80 default_server;
    server_name board.lan;
    client_max_body_size 64k;

    location / {
        proxy_pass http://board;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_connect_timeout 5s;
    }
    location = /nginx-health {
        return 200 "ok\n";
    }
}
CONF
cp /etc/nginx/conf.d/board.conf /etc/nginx/conf.d/board.conf.bak
sed -i 's/app1:8000/192.168.77.99:9000/; s/listen 80/listen 8080/' /etc/nginx/conf.d/board.conf.bak
