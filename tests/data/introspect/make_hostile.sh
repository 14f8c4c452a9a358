#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make_hostile.sh FOLDER: makes FOLDER/MACHINE/… trees of machines that mean harm, or are broken in ways that disks get
# broken. Git cannot hold them. An introspection must end soon, in little memory, without a word of the host's own files
# (the string in SECRET, when that file lies beside the trees), with what is sound in them:
#   each machine listens on port 8080 by gunicorn (etc/systemd/system/sound.service).
set -euo pipefail
base=$1
mkdir -p "$base"
echo "this is outside of the tree" >"$base/SECRET"

# The parts that every machine has.
machine() {
    root=$base/$1
    mkdir -p "$root"/{etc/systemd/system/multi-user.target.wants,usr/lib,var/lib/dpkg/info}
    printf 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n' >"$root/usr/lib/os-release"
    ln -s ../usr/lib/os-release "$root/etc/os-release"
    echo "$1" >"$root/etc/hostname"
    cat >"$root/etc/systemd/system/sound.service" <<'UNIT'
[Service]
ExecStart=/usr/bin/gunicorn --bind 0.0.0.0:8080 app:app
[Install]
WantedBy=multi-user.target
UNIT
    ln -s /etc/systemd/system/sound.service "$root/etc/systemd/system/multi-user.target.wants/sound.service"
}
enable() {
    mkdir -p "$root/usr/lib/systemd/system"
    printf '[Service]\nExecStart=%s\n[Install]\nWantedBy=multi-user.target\n' "$2" >"$root/usr/lib/systemd/system/$1"
    ln -s "/usr/lib/systemd/system/$1" "$root/etc/systemd/system/multi-user.target.wants/$1"
}

# Links out of the tree, in a circle, to nothing, and through a file.
machine links
enable nginx.service /usr/sbin/nginx
mkdir -p "$root/etc/nginx/conf.d" "$root/etc/apache2" "$root/etc/redis"
ln -s "$(printf '../%.0s' $(seq 40))$base/SECRET" "$root/etc/nginx/nginx.conf"
ln -s "$base/SECRET" "$root/etc/hosts"
ln -s "$base" "$root/srv"
ln -s two "$root/etc/apache2/one"
ln -s one "$root/etc/apache2/two"
ln -s apache2.conf "$root/etc/apache2/apache2.conf"
ln -s . "$root/etc/nginx/conf.d/again"
ln -s /etc/hostname/below "$root/etc/redis/redis.conf"
ln -s ../../../../../../../../proc/self/environ "$root/etc/environment"
previous=/etc/hostname
for i in $(seq 100); do
    ln -s "$previous" "$root/etc/chain$i"
    previous=/etc/chain$i
done

# What is no file where a file is looked for.
machine kinds
enable redis-server.service "/usr/bin/redis-server /etc/redis/redis.conf"
enable haproxy.service "/usr/sbin/haproxy -f /etc/haproxy/haproxy.cfg"
mkdir -p "$root/etc/redis" "$root/etc/haproxy/haproxy.cfg" "$root/etc/hosts" "$root/etc/mysql" "$root/etc/postgresql/15/main"
mkfifo "$root/etc/redis/redis.conf" "$root/etc/fstab" "$root/var/lib/dpkg/status"
python3 -c 'import socket,sys,os; os.chdir(sys.argv[1]); socket.socket(socket.AF_UNIX).bind("my.cnf")' "$root/etc/mysql"
[ "$(id -u)" != 0 ] || mknod "$root/etc/postgresql/15/main/postgresql.conf" c 1 5 2>/dev/null || true
mkdir "$root/etc/systemd/system/folder.service"
ln -s ../folder.service "$root/etc/systemd/system/multi-user.target.wants/folder.service"

# Too long, too many, too deep.
machine sizes
enable nginx.service /usr/sbin/nginx
enable haproxy.service /usr/sbin/haproxy
enable memcached.service /usr/bin/memcached
mkdir -p "$root/etc/nginx/conf.d" "$root/etc/haproxy" "$root/etc/sysctl.d" "$root/opt/deep" "$root/etc/network"
{ printf 'http { server { listen '; head -c 10000000 /dev/zero | tr '\0' '9'; echo '; } }'; } >"$root/etc/nginx/nginx.conf"
truncate -s 3G "$root/etc/haproxy/haproxy.cfg"
head -c 2000000 /dev/zero | tr '\0' '{' >"$root/etc/nginx/conf.d/deep.conf"
for i in $(seq 20000); do echo "10.$((i / 65536)).$((i / 256 % 256)).$((i % 256)) host$i"; done >"$root/etc/hosts"
for i in $(seq 3000); do : >"$root/etc/sysctl.d/$i.conf"; done
deep=$root/opt/deep
for i in $(seq 30); do deep=$deep/$(printf 'd%.0s' $(seq 60)); done
mkdir -p "$deep"
echo 'DATABASE_URL=postgres://a:b@10.0.0.1/c' >"$deep/.env"
head -c 4000000 /dev/zero | tr '\0' 'a' >"$root/etc/memcached.conf"

# Text that is none, and names that are not text.
machine bytes
enable haproxy.service /usr/sbin/haproxy
enable nginx.service /usr/sbin/nginx
mkdir -p "$root/etc/haproxy" "$root/etc/nginx/sites-enabled"
printf 'listen \xff\xfe\n\tbind *:\xc3\x28\n\tserver \x80 10.0.0.1:80\n\0\0\0' >"$root/etc/haproxy/haproxy.cfg"
printf 'events {}\nhttp {\n include /etc/nginx/sites-enabled/*;\n' >"$root/etc/nginx/nginx.conf"
printf 'server { listen 80; proxy_pass http://\x1b[2Jevil\x07:80; }\n' >"$root/etc/nginx/sites-enabled/$(printf 'a\nb\x1b[31m')"
printf 'server { listen "80' >"$root/etc/nginx/sites-enabled/\"quote\".conf"
head -c 200000 /dev/urandom >"$root/var/lib/dpkg/status"
head -c 5000 /dev/urandom >"$root/etc/hosts"
printf '[Service]\nExecStart=/usr/bin/x \134' >"$root/etc/systemd/system/cut.service"
ln -s ../cut.service "$root/etc/systemd/system/multi-user.target.wants/cut.service"
printf '\xef\xbb\xbfmachine\r\nsecond line' >"$root/etc/hostname"

# Files that include themselves and each other, and formats that grow.
machine circles
enable nginx.service /usr/sbin/nginx
enable apache2.service "/usr/sbin/apachectl start"
enable redis-server.service "/usr/bin/redis-server /etc/redis/redis.conf"
enable tomcat10.service "/bin/sh /usr/libexec/tomcat10/tomcat-start.sh"
enable shop.service "/usr/bin/docker compose -f /opt/shop/compose.yaml up"
mkdir -p "$root"/etc/{nginx/conf.d,apache2,redis,tomcat10,mysql/conf.d} "$root"/opt/{shop,api/config} "$root/var/lib/tomcat10"
printf 'http { include /etc/nginx/nginx.conf; include conf.d/*; }\n' >"$root/etc/nginx/nginx.conf"
for i in 1 2 3 4 5 6 7 8; do
    for _ in 1 2 3 4 5 6 7 8; do echo "include /etc/nginx/conf.d/*;"; done >"$root/etc/nginx/conf.d/$i.conf"
done
printf 'Include apache2.conf\nInclude /etc/apache2/\nListen 80\n' >"$root/etc/apache2/apache2.conf"
printf 'include /etc/redis/redis.conf\nport 6379\n' >"$root/etc/redis/redis.conf"
printf '!includedir /etc/mysql/conf.d\n' | tee "$root/etc/mysql/my.cnf" >"$root/etc/mysql/conf.d/a.cnf"
ln -s /etc/tomcat10 "$root/var/lib/tomcat10/conf"
cat >"$root/etc/tomcat10/server.xml" <<'XML'
<?xml version="1.0"?>
<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;">
<!ENTITY x SYSTEM "file:///etc/passwd">]>
<Server port="-1"><Service name="&f;&x;"><Connector port="&f;" protocol="&x;"/></Service></Server>
XML
{
    echo 'a: &a [x, x, x, x, x, x, x, x, x]'
    previous=a
    for name in b c d e f g h i j; do
        echo "$name: &$name [*$previous, *$previous, *$previous, *$previous, *$previous, *$previous, *$previous, *$previous]"
        previous=$name
    done
    echo 'services: { web: { image: x, ports: *j, environment: *j } }'
} >"$root/opt/shop/compose.yaml"
# shellcheck disable=SC2016  # placeholders of another language
printf 'a: ${b}\nb: ${a}\nspring: { datasource: { url: "${a:${b:${a}}}" } }\n' >"$root/opt/api/config/application.yml"
python3 -c 'print("[" * 100000)' >"$root/opt/api/config/application.json"
