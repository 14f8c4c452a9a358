#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# muster verify URL: a server that drops the connection again and again, one that cannot go on in
# the middle, and one whose file changes meanwhile.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/sample_package.sh
. "$(dirname "$0")/sample_package.sh"
requires python3 --version
requires openssl version
cd "$work"

make_files
make_manifest
make_ova shop.ova shop.ovf shop.mf disk.vmdk web.iso
gzip -kc shop.ova >shop.tgz

cat >server.py <<'PY'
import http.server, re
DROP = 100000
count = {}
class Dropping(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        kind, name = self.path.strip("/").split("/")
        data = open(name, "rb").read()
        count[self.path] = count.get(self.path, 0) + 1
        tag = '"one"'
        if kind == "changing" and count[self.path] > 1:
            data, tag = data.replace(b"dddd", b"eeee"), '"two"'
        start = 0
        ranged = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if ranged and kind != "plain" and self.headers.get("If-Range") == tag:
            start = int(ranged.group(1))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data) - start))
        if kind != "nameless":
            self.send_header("ETag", tag)
        self.end_headers()
        end = len(data) if kind == "plain" and count[self.path] > 1 else start + DROP
        self.wfile.write(data[start:end])
        self.close_connection = True
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Dropping)
print(server.server_port, flush=True)
server.serve_forever()
PY
python3 server.py >port &
cleanup_fn kill $!
wait_for_file port
url=http://127.0.0.1:$(cat port)

expect_exit 0 "$MUSTER" verify "$url/dropping/shop.ova"
expect_text "$out" "integrity  ok: every file matches"
expect_text "$err" "was lost after 100000 bytes"
expect_text "$err" "was lost after 300000 bytes"
expect_exit 0 "$MUSTER" verify "$url/plain/shop.ova"
expect_exit 0 "$MUSTER" verify "$url/dropping/shop.tgz"
expect_exit 7 "$MUSTER" verify "$url/changing/shop.ova"
expect_text "$err" "changed while it was read"
expect_exit 6 "$MUSTER" verify "$url/nameless/shop.ova"
expect_text "$err" "reading cannot go on"
