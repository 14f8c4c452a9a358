#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# db: PostgreSQL and Redis for the board.
set -e
cat >/etc/network/interfaces <<'CONF'
auto lo
iface lo inet loopback

allow-hotplug ens3
iface ens3 inet static
    address 192.168.77.13
    netmask 255.255.255.0
CONF

apt-get install -y postgresql-15 redis-server

conf=/etc/postgresql/15/main
sed -i "s/^#listen_addresses = 'localhost'/listen_addresses = 'localhost,192.168.77.13'/" $conf/postgresql.conf
echo 'host    board           board           192.168.77.12/32        scram-sha-256' >>$conf/pg_hba.conf
# The address may come later than the service does.
echo 'net.ipv4.ip_nonlocal_bind = 1' >/etc/sysctl.d/50-board.conf

pg_ctlcluster 15 main start
su postgres -c "psql -q -v ON_ERROR_STOP=1" <<'SQL'
CREATE ROLE board LOGIN PASSWORD 'n0t1z-77';
CREATE DATABASE board OWNER board;
\c board
SET ROLE board;
CREATE TABLE notices (id serial PRIMARY KEY, text text NOT NULL, created timestamptz NOT NULL DEFAULT now());
INSERT INTO notices (text) VALUES ('Welcome to the board');
SQL
pg_ctlcluster 15 main stop

sed -i 's/^bind 127.0.0.1 -::1/bind 127.0.0.1 192.168.77.13/' /etc/redis/redis.conf
echo 'requirepass r3d-77' >>/etc/redis/redis.conf
