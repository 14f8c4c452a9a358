#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# muster sign and what muster verify says of it: OVAs and folders, time stamps from a local key and
# from an authority asked by HTTP, a signature that outlives its certificate, trust folders.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/sample_package.sh
. "$(dirname "$0")/sample_package.sh"
requires openssl version
requires python3 --version
cd "$work"

make_files
make_manifest
make_signer maker
make_ova plain.ova shop.ovf disk.vmdk web.iso shop.mf
make_ova bare.ova shop.ovf disk.vmdk web.iso

# An authority for time stamps, certified by ca.
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=ca 2>/dev/null
openssl req -new -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=tsa 2>/dev/null
printf 'extendedKeyUsage=critical,timeStamping\n' >tsa.ext
openssl x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -days 30 -extfile tsa.ext -out tsa.pem 2>/dev/null

# In place, to a new file, to standard output, from standard input.
cp plain.ova shop.ova
expect_exit 0 "$MUSTER" sign shop.ova --key maker.key --cert maker.pem
expect_text "$out" "shop.ova: signed by CN=maker (RSA 2048, SHA256)"
expect_text "$out" "manifest   shop.mf is as it was; every file matches it"
expect_exit 0 "$MUSTER" verify shop.ova --trust maker.pem
expect_text "$out" "time       not known: the signature has no time stamp"
tar -xOf shop.ova shop.mf | cmp - shop.mf || fail "the manifest changed"
expect_exit 0 "$MUSTER" sign bare.ova -o made.ova --key maker.key --cert maker.pem --digest sha512
expect_text "$out" "manifest   shop.mf was made anew"
expect_exit 0 "$MUSTER" verify made.ova --trust maker.pem
expect_text "$out" "(SHA512)"
"$MUSTER" sign plain.ova -o - --key maker.key --cert maker.pem >piped.ova 2>/dev/null || fail "to a pipe"
cmp piped.ova shop.ova || fail "a pipe and a file differ"
expect_exit 0 bash -c "gzip -c plain.ova | $MUSTER sign - -o zipped.ova --key maker.key --cert maker.pem"
cmp zipped.ova shop.ova || fail "from a compressed stream"

# openssl agrees.
tar -xf shop.ova shop.cert
openssl x509 -in shop.cert -pubkey -noout >maker.pub
python3 -c 'import re,sys; sys.stdout.buffer.write(bytes.fromhex(re.search(r"= *([0-9a-f]+)", open("shop.cert").read()).group(1)))' >sig
openssl dgst -sha256 -verify maker.pub -signature sig shop.mf >/dev/null || fail "openssl does not verify"

# A folder: only .mf and .cert are new.
mkdir folder
cp shop.ovf disk.vmdk web.iso folder
expect_exit 0 "$MUSTER" sign folder --key maker.key --cert maker.pem --tsa-key tsa.key --tsa-cert tsa.pem
expect_text "$out" "time stamp of "
expect_exit 0 "$MUSTER" verify folder/shop.ovf --trust maker.pem --tsa-trust ca.pem
expect_text "$out" "time       ok: signed before "
expect_exit 0 "$MUSTER" verify folder --trust maker.pem
expect_text "$out" "time       not trusted: signed before "
expect_exit 0 "$MUSTER" verify folder --trust maker.pem --tsa-trust maker.pem
expect_text "$out" "no chain leads from its authority 'CN=tsa' to the trust file"
found=$(find folder -type f -printf '%f\n' | sort | tr '\n' ' ')
[ "$found" = "disk.vmdk shop.cert shop.mf shop.ovf web.iso " ] || fail "odd files: $found"

# The time stamp is what openssl makes of it.
sed -n '/BEGIN TIMESTAMP/,/END TIMESTAMP/p' folder/shop.cert | sed '1d;$d' | base64 -d >token
python3 -c 'import re,sys; sys.stdout.buffer.write(bytes.fromhex(re.search(r"= *([0-9a-f]+)", open("folder/shop.cert").read()).group(1)))' >stamped
openssl ts -verify -data stamped -in token -token_in -CAfile ca.pem >/dev/null 2>&1 || fail "openssl does not take the time stamp"

# An authority by HTTP: openssl ts behind a few lines of Python.
cat >tsa.cnf <<'CNF'
[tsa]
default_tsa = one
[one]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
CNF
echo 01 >serial
cat >authority.py <<'PY'
import http.server, subprocess
class Authority(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        open("query", "wb").write(self.rfile.read(int(self.headers["Content-Length"])))
        subprocess.run(["openssl", "ts", "-reply", "-config", "tsa.cnf", "-section", "one", "-queryfile", "query",
                        "-out", "reply"], check=True, stderr=subprocess.DEVNULL)
        body = open("reply", "rb").read() if self.path == "/good" else b"hello"
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Authority)
print(server.server_port, flush=True)
server.serve_forever()
PY
python3 authority.py >port &
cleanup_fn kill $!
wait_for_file port
port=$(cat port)
expect_exit 0 "$MUSTER" sign plain.ova -o stamped.ova --key maker.key --cert maker.pem --tsa "http://127.0.0.1:$port/good" --json
expect_text "$out" '"authority": "CN=tsa"'
expect_exit 0 "$MUSTER" verify stamped.ova --trust maker.pem --tsa-trust ca.pem --json
expect_text "$out" '"judged_at"'
expect_exit 9 "$MUSTER" sign plain.ova -o bad.ova --key maker.key --cert maker.pem --tsa "http://127.0.0.1:$port/bad"
expect_text "$err" "is no time stamp (RFC 3161)"
[ ! -e bad.ova ] || fail "a failed signature left a package"

# A certificate that ends: the stamped package stays good, the other does not.
openssl req -new -newkey rsa:2048 -nodes -keyout brief.key -out brief.csr -subj /CN=brief 2>/dev/null
mkdir -p ca.d
: >ca.d/index
echo 01 >ca.d/serial
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=ca.d/index\nserial=ca.d/serial\nnew_certs_dir=ca.d\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n' >ca.cnf
sign_by=$(($(date +%s) + 12))
openssl ca -batch -config ca.cnf -cert ca.pem -keyfile ca.key -in brief.csr -out brief.pem -notext \
    -startdate "$(date -u -d '-1 hour' +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d "@$sign_by" +%Y%m%d%H%M%SZ)" 2>/dev/null
truncate -s 1M disk.raw
"$MUSTER" convert disk.raw real.ova >/dev/null
stamp=(--tsa-key tsa.key --tsa-cert tsa.pem)
expect_exit 0 "$MUSTER" sign real.ova -o outlives.ova --key brief.key --cert brief.pem "${stamp[@]}"
expect_exit 0 "$MUSTER" sign real.ova -o ends.ova --key brief.key --cert brief.pem
in_time=$(($(date +%s) < sign_by))
while [ "$(date +%s)" -le "$sign_by" ]; do sleep 1; done
expect_exit 4 "$MUSTER" verify ends.ova --trust ca.pem --tsa-trust ca.pem
expect_text "$err" "the certificate of 'CN=brief' expired on"
expect_exit 4 "$MUSTER" verify outlives.ova --trust ca.pem
expect_text "$out" "with --tsa-trust FILE"
# refused_or_taken CODE PACKAGE OPTION…: by every verb that reads a package.
refused_or_taken() {
    local code=$1 package=$2
    shift 2
    rm -rf o.qcow2 o.dir o.ova
    expect_exit "$code" "$MUSTER" convert "$package" o.qcow2 "$@"
    expect_exit "$code" "$MUSTER" unpack "$package" -o o.dir "$@"
    expect_exit "$code" "$MUSTER" edit "$package" -o o.ova --cpus 3 "$@"
    expect_exit "$code" "$MUSTER" sign "$package" -o o.ova --key maker.key --cert maker.pem "$@"
    # shellcheck disable=SC2016  # the inner shell expands it
    expect_exit "$code" bash -c 'cat "$1" | "$MUSTER" up - --plan "${@:2}"' - "$package" "$@"
    expect_exit "$code" "$MUSTER" up "$package" --plan "$@"
}
refused_or_taken 4 ends.ova --trust ca.pem --tsa-trust ca.pem
refused_or_taken 4 outlives.ova --trust ca.pem
expect_text "$err" "the signer is not trusted"
refused_or_taken 4 plain.ova --trust ca.pem
expect_text "$err" "the package is not signed"
if [ "$in_time" = 1 ]; then
    refused_or_taken 0 outlives.ova --trust ca.pem --tsa-trust ca.pem
    expect_text "$err" "the descriptor is signed by somebody you trust"
    mkdir -p "$XDG_CONFIG_HOME/muster"
    cp ca.pem "$XDG_CONFIG_HOME/muster/trust.pem"
    expect_exit 4 "$MUSTER" up outlives.ova --plan
    expect_exit 0 "$MUSTER" up outlives.ova --plan --tsa-trust ca.pem
    cp ca.pem "$XDG_CONFIG_HOME/muster/tsa-trust.pem"
    expect_exit 0 "$MUSTER" up outlives.ova --plan
    expect_exit 0 "$MUSTER" verify outlives.ova --trust ca.pem --tsa-trust ca.pem
    expect_text "$out" "trust      yes: by the chain CN=brief <- CN=ca, as of "
    expect_text "$out" "the signature was made in that time"
fi

# Trust by a folder and by the system's file.
mkdir trust
cp ca.pem maker.pem trust
expect_exit 0 "$MUSTER" verify shop.ova --trust trust
expect_exit 0 env SSL_CERT_FILE="$work/maker.pem" "$MUSTER" verify shop.ova --trust-system
expect_exit 4 env SSL_CERT_FILE="$work/ca.pem" "$MUSTER" verify shop.ova --trust-system
expect_text "$err" "the signer is not trusted"

# What will keep others from trusting the package is said when it is signed.
dated() { # NAME START END: certified by ca
    openssl req -new -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>/dev/null
    openssl ca -batch -config ca.cnf -cert ca.pem -keyfile ca.key -in "$1.csr" -out "$1.pem" -notext \
        -startdate "$(date -u -d "$2" +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d "$3" +%Y%m%d%H%M%SZ)" 2>/dev/null
}
dated late '-3 days' '-2 days'
dated early '+2 days' '+3 days'
openssl req -x509 -newkey rsa:1024 -nodes -keyout weak.key -out weak.pem -days 30 -subj /CN=weak 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -keyout web.key -out web.pem -days 30 -subj /CN=web \
    -addext extendedKeyUsage=serverAuth 2>/dev/null
doubted() { # NAME SENTENCE
    expect_exit 0 "$MUSTER" sign plain.ova -o "$1.ova" --key "$1.key" --cert "$1.pem"
    expect_text "$err" "warning: $2"
    expect_exit 0 "$MUSTER" sign plain.ova -o "$1.ova" --key "$1.key" --cert "$1.pem" --json
    expect_text "$out" "$2"
    expect_exit 4 "$MUSTER" verify "$1.ova" --trust "$1.pem"
}
doubted weak "the key of 'CN=weak' is too weak (RSA 1024)"
doubted web "the certificate of 'CN=web' is meant for other things than signing software"
doubted late "the certificate of 'CN=late' expired on"
doubted early "the certificate of 'CN=early' is not valid before"
expect_exit 0 "$MUSTER" sign plain.ova -o x.ova --key maker.key --cert maker.pem
case $err in *warning*) fail "a good signer is warned of: $err" ;; esac

# Every kind of key, and a chain with an intermediate.
key_kinds=(rsa:3072 ed25519 "ec -pkeyopt ec_paramgen_curve:P-256" "ec -pkeyopt ec_paramgen_curve:P-384")
printf 'basicConstraints=critical,CA:true\n' >middle.ext
openssl req -new -newkey rsa:2048 -nodes -keyout middle.key -out middle.csr -subj /CN=middle 2>/dev/null
openssl x509 -req -in middle.csr -CA ca.pem -CAkey ca.key -days 30 -extfile middle.ext -out middle.pem 2>/dev/null
for kind in "${key_kinds[@]}"; do
    # shellcheck disable=SC2086  # two options in one word
    openssl req -new -newkey $kind -nodes -keyout leaf.key -out leaf.csr -subj /CN=leaf 2>/dev/null
    openssl x509 -req -in leaf.csr -CA middle.pem -CAkey middle.key -days 30 -out leaf.pem 2>/dev/null
    expect_exit 0 "$MUSTER" sign plain.ova -o leaf.ova --key leaf.key --cert leaf.pem --chain middle.pem
    expect_exit 0 "$MUSTER" verify leaf.ova --trust ca.pem
    expect_text "$out" "trust      yes: by the chain CN=leaf <- CN=middle <- CN=ca"
    expect_exit 0 "$MUSTER" sign plain.ova -o leaf.ova --key leaf.key --cert leaf.pem
    expect_exit 4 "$MUSTER" verify leaf.ova --trust ca.pem
    sed 's/dddd/dddx/' leaf.ova >flipped.ova
    expect_exit 4 "$MUSTER" verify flipped.ova
done

# Mistakes.
expect_exit 3 "$MUSTER" sign plain.ova -o missing/y.ova --key maker.key --cert maker.pem
expect_text "$err" "cannot write 'missing/y.ova': there is no folder 'missing'"
expect_exit 2 "$MUSTER" sign plain.ova
expect_exit 2 "$MUSTER" sign plain.ova --key maker.key
expect_exit 2 "$MUSTER" sign - --key maker.key --cert maker.pem </dev/null
expect_exit 2 "$MUSTER" sign shop.ova -o x.ova --key maker.key --cert maker.pem --renew-manifest --trust ca.pem
expect_exit 4 "$MUSTER" sign plain.ova -o x.ova --key ca.key --cert maker.pem
expect_text "$err" "does not belong to the certificate"
expect_exit 4 "$MUSTER" sign plain.ova -o x.ova --key maker.key --cert maker.pem --tsa-key maker.key --tsa-cert maker.pem
expect_text "$err" "is not made for time stamping"
sed 's/dddd/dddx/' plain.ova >flipped.ova
cp flipped.ova before.ova
expect_exit 4 "$MUSTER" sign flipped.ova --key maker.key --cert maker.pem
expect_text "$err" "member 'disk.vmdk' does not match the manifest"
cmp flipped.ova before.ova || fail "a refused package was changed"
expect_exit 0 "$MUSTER" sign flipped.ova --key maker.key --cert maker.pem --renew-manifest
expect_exit 0 "$MUSTER" verify flipped.ova --trust maker.pem
[ -z "$(find . -name '*.tmp*' -o -name '.*.ova*')" ] || fail "temporary files were left"
