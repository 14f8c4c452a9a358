#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Packages by URL that are no OVA: a zip archive by parts or kept on the way, and an .ovf with the files
# beside it, which never leads anywhere else.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/sample_package.sh
. "$(dirname "$0")/sample_package.sh"
requires python3 --version
requires openssl version
cd "$work"

truncate -s 3M disk.raw
"$MUSTER" convert disk.raw real.ova >/dev/null
make_files
make_manifest
make_signer maker
sign_with maker
make_ova shop.ova shop.ovf shop.mf shop.cert disk.vmdk web.iso
mkdir -p web/folder web/real web/chunks/sub web/leaving "web/odd names"
(cd web && cp ../shop.ova . && python3 -m zipfile -c one.zip shop.ova && rm shop.ova)
cp shop.ovf shop.mf shop.cert disk.vmdk web.iso web/folder
(cd web/folder && python3 - <<'PY'
import zipfile
with zipfile.ZipFile("../all.zip", "w") as z:
    for name in ("disk.vmdk", "web.iso", "shop.cert", "shop.mf", "shop.ovf"):
        z.write(name)
PY
)
tar -xf real.ova -C web/real

# Answers by the first part of the path: ranges/ sends parts, plain/ does not, away/ leads to plain/, unsized/ does
# not say how long the files are. /log tells what was asked for and how many bytes were sent.
cat >server.py <<'PY'
import http.server, os, re, urllib.parse
log = []
class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).lstrip("/")
        if path == "log":
            return self.answer(200, "\n".join(log).encode())
        kind, name = path.split("/", 1)
        if kind == "away" and not name.endswith(".ovf"):
            self.send_response(302)
            self.send_header("Location", "/plain/" + name)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        file = os.path.join("web", name)
        if not os.path.isfile(file):
            log.append("404 " + path)
            return self.answer(404, b"no such file")
        data = open(file, "rb").read()
        ranged = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if kind == "ranges" and ranged:
            start = int(ranged.group(1))
            self.answer(206, data[start:], {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}, path)
        else:
            self.answer(200, data, {"Accept-Ranges": "bytes"} if kind == "ranges" else {}, path, kind != "unsized")
    def answer(self, status, data, headers={}, path="", sized=True):
        self.send_response(status)
        if sized:
            self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", '"one"')
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        sent = 0
        try:
            for at in range(0, len(data), 65536):
                self.wfile.write(data[at:at + 65536])
                sent += len(data[at:at + 65536])
        except OSError:
            pass
        if path:
            log.append(f"{status} {path} {sent}")
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
print(server.server_port, flush=True)
server.serve_forever()
PY
python3 server.py >port &
cleanup_fn kill $!
for _ in $(seq 600); do [ -s port ] && break; sleep 0.1; done
url=http://127.0.0.1:$(cat port)
asked() {
    python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1] + "/log").read().decode())' "$url"
}

# Zip archives: by parts nothing temporary is written, else the archive is kept in $TMPDIR.
for kind in ranges plain; do
    for name in one all; do
        tmp=$work/none
        [ $kind = ranges ] || tmp=$work
        expect_exit 0 env TMPDIR="$tmp" "$MUSTER" verify "$url/$kind/$name.zip" --trust maker.pem
        expect_text "$out" "trust      yes"
    done
done
expect_text "$(asked)" "206 ranges/all.zip"
expect_exit 3 env TMPDIR="$work/none" "$MUSTER" verify "$url/plain/all.zip"
expect_exit 0 "$MUSTER" unpack "$url/ranges/all.zip" -o unzipped --only '*.vmdk'
cmp unzipped/disk.vmdk disk.vmdk

# An .ovf with its files, for every verb that reads packages.
expect_exit 0 "$MUSTER" verify "$url/plain/folder/shop.ovf?token=1" --trust maker.pem
expect_text "$out" "5 files"
expect_text "$out" "trust      yes"
expect_exit 0 "$MUSTER" inspect "$url/plain/folder/shop.ovf"
expect_text "$out" "The database"
expect_exit 0 "$MUSTER" unpack "$url/plain/folder/shop.ovf" -o folder
cmp folder/disk.vmdk disk.vmdk
expect_exit 0 "$MUSTER" convert "$url/plain/real/real.ovf" real.qcow2
expect_exit 0 "$MUSTER" up "$url/plain/real/real.ovf" --plan
expect_exit 0 "$MUSTER" edit "$url/plain/folder/shop.ovf" -o edited.ova --cpus 3
expect_exit 3 "$MUSTER" verify "$url/plain/folder/none.ovf"
sed 's/dddd/dddx/' disk.vmdk >web/folder/disk.vmdk
expect_exit 4 "$MUSTER" verify "$url/plain/folder/shop.ovf"
expect_text "$err" "member 'disk.vmdk' does not match the manifest"
rm web/folder/disk.vmdk
expect_exit 4 "$MUSTER" verify "$url/plain/folder/shop.ovf"
expect_text "$err" "disk.vmdk"
cp disk.vmdk web/folder

# Chunks, folders below, names that need escapes; no manifest.
sed -e 's,"disk.vmdk","sub/disk.vmdk" ovf:chunkSize="100000",' -e 's,"web.iso","web%20%231.iso",' shop.ovf >web/chunks/shop.ovf
split -b 100000 -a 9 -d disk.vmdk web/chunks/sub/disk.vmdk.
cp web.iso 'web/chunks/web #1.iso'
expect_exit 0 "$MUSTER" unpack "$url/plain/chunks/shop.ovf" -o chunks
cat chunks/sub/disk.vmdk.* | cmp - disk.vmdk
cmp 'chunks/web #1.iso' web.iso

# A descriptor that leads away gets nothing from there; neither does a server that sends us on.
asked >before.txt
for away in "$url/plain/folder/web.iso" ../folder/web.iso /folder/web.iso %2e%2e/folder/web.iso //127.0.0.1/web.iso \
    file:///etc/passwd; do
    sed -e "s,\"web.iso\",\"$away\"," shop.ovf >web/leaving/shop.ovf
    cp disk.vmdk web/leaving
    expect_exit 4 "$MUSTER" verify "$url/ranges/leaving/shop.ovf"
    expect_text "$out" "failure"
    asked >after.txt
    [ "$(grep -c '^[23].*web.iso' after.txt)" = "$(grep -c '^[23].*web.iso' before.txt)" ] || fail "$away was followed"
done
expect_exit 9 "$MUSTER" verify "$url/away/folder/shop.ovf"
expect_text "$err" "answers 302"
expect_exit 5 "$MUSTER" verify "$url/unsized/folder/shop.ovf"
expect_text "$err" "does not say how large"
