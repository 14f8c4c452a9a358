#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The same recipe and lock file give the same disk, as root and as an ordinary user with a cache of its own; the evidence
# of an image: bills of materials, signed provenance, lock file. Wrong lock files are told.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
new_home
make_key
PATH=$PATH:/usr/sbin

say "an image with all its evidence"
cp -r "$SOURCE_DIR/templates" "$HOME_DIR/templates"
recipe=$HOME_DIR/templates/nginx
expect 2 "$MUSTER" build "$recipe" -o "$HOME_DIR/nginx.qcow2" --provenance
expect_text "--key and --cert"
expect 2 "$MUSTER" build "$recipe" -o "$HOME_DIR/nginx.qcow2" --lock --frozen
expect 3 "$MUSTER" build "$recipe" -o "$HOME_DIR/nginx.qcow2" --frozen
expect_text "recipe.lock"
expect 0 "$MUSTER" build "$recipe" -o "$HOME_DIR/nginx.qcow2" --lock --sbom --provenance \
    --key "$E2E_DIR/key.pem" --cert "$E2E_DIR/cert.pem"
disk=$(sha256sum <"$HOME_DIR/nginx.qcow2" | cut -d' ' -f1)
[ "$(json 'x["image_sha256"]' <"$recipe/recipe.lock")" = "$disk" ] || fail "the lock file names another disk"
[ "$(json 'x["packages"][0]["checksums"][0]["checksumValue"]' <"$HOME_DIR/nginx.spdx.json")" = "$disk" ] ||
    fail "the SPDX document names another disk"
[ "$(json 'sum(c["name"] == "nginx" for c in x["components"])' <"$HOME_DIR/nginx.cdx.json")" = 1 ] ||
    fail "nginx is not in the CycloneDX document"
[ "$(json 'sum("hashes" not in c for c in x["components"])' <"$HOME_DIR/nginx.cdx.json")" = 0 ] ||
    fail "packages without digests in the CycloneDX document"

say "openssl agrees with the signature of the provenance"
python3 - "$HOME_DIR/nginx.provenance.json" "$HOME_DIR" "$disk" <<'PY'
import base64, json, sys
envelope = json.load(open(sys.argv[1]))
payload = base64.b64decode(envelope["payload"])
kind = envelope["payloadType"].encode()
with open(sys.argv[2] + "/signed", "wb") as out:
    out.write(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload))
with open(sys.argv[2] + "/signature", "wb") as out:
    out.write(base64.b64decode(envelope["signatures"][0]["sig"]))
statement = json.loads(payload)
assert statement["subject"][0]["digest"]["sha256"] == sys.argv[3], statement["subject"]
materials = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
assert any(m.get("uri", "").startswith("pkg:deb/debian/nginx@") for m in materials)
assert any(m["name"] == "nginx/recipe.yaml" for m in materials)
PY
expect 0 openssl x509 -in "$E2E_DIR/cert.pem" -pubkey -noout
printf '%s\n' "$OUTPUT" >"$HOME_DIR/public.pem"
expect 0 openssl dgst -sha256 -verify "$HOME_DIR/public.pem" -signature "$HOME_DIR/signature" "$HOME_DIR/signed"

say "the same bytes again from the lock file, by an ordinary user with an empty cache"
if [ "$(id -u)" = 0 ]; then
    user=muster-e2e
    id "$user" >/dev/null 2>&1 || useradd --no-create-home --shell /bin/sh "$user"
    grep -q "^$user:" /etc/subuid || usermod --add-subuids 400000-465535 --add-subgids 400000-465535 "$user"
    as_user=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --clear-groups)
    mkdir "$HOME_DIR/other"
    chown "$user" "$HOME_DIR/other"
else
    as_user=()
    mkdir "$HOME_DIR/other"
fi
mkdir "$HOME_DIR/bin"
cp "$MUSTER" "$(dirname "$MUSTER")/muster-guest" "$HOME_DIR/bin/"
cp -r "$(dirname "$MUSTER")/../share" "$HOME_DIR/share"
expect 0 env "XDG_CACHE_HOME=$HOME_DIR/other/cache" "${as_user[@]}" "$HOME_DIR/bin/muster" build "$recipe" --frozen \
    -o "$HOME_DIR/other/nginx.qcow2"
cmp "$HOME_DIR/nginx.qcow2" "$HOME_DIR/other/nginx.qcow2"
cmp "$HOME_DIR/nginx.initrd" "$HOME_DIR/other/nginx.initrd"

say "a package carries the evidence, and is proven by building it again"
cat >"$HOME_DIR/templates/assembly.yaml" <<'YAML'
muster: 1
name: page
version: 1.0.0
machines: { web: { image: nginx.qcow2 } }
YAML
cp "$HOME_DIR/nginx.spdx.json" "$HOME_DIR/nginx.cdx.json" "$HOME_DIR/nginx.provenance.json" "$HOME_DIR/templates/"
cp "$recipe/recipe.lock" "$HOME_DIR/templates/nginx.recipe.lock"
for file in qcow2 vmlinuz initrd build.json; do
    cp "$HOME_DIR/nginx.$file" "$HOME_DIR/templates/"
done
expect 0 "$MUSTER" pack "$HOME_DIR/templates" -o "$HOME_DIR/page.ova" --key "$E2E_DIR/key.pem" --cert "$E2E_DIR/cert.pem"
expect 0 "$MUSTER" inspect "$HOME_DIR/page.ova"
expect_text "evidence   nginx: SPDX, CycloneDX, provenance, lock file"
chmod a+r "$HOME_DIR/page.ova"
expect 0 env "XDG_CACHE_HOME=$HOME_DIR/other/cache" "${as_user[@]}" "$HOME_DIR/bin/muster" verify "$HOME_DIR/page.ova" \
    --rebuild "$HOME_DIR/templates" --use-cache
expect_text "provenance (signed by the package's signer)"
expect_text ": the same, bit by bit"
expect 0 "$MUSTER" unpack "$HOME_DIR/page.ova" -o "$HOME_DIR/page" --only 'nginx.*'
cmp "$HOME_DIR/page/nginx.recipe.lock" "$recipe/recipe.lock"
sed -i 's|  - nginx -t -q|&\n  - echo more >/etc/more|' "$recipe/recipe.yaml"
expect 10 env "XDG_CACHE_HOME=$HOME_DIR/other/cache" "${as_user[@]}" "$HOME_DIR/bin/muster" verify "$HOME_DIR/page.ova" \
    --rebuild "$HOME_DIR/templates" --use-cache
expect_text "is not the one that was recorded"
expect_text "/etc/more: only in the second"

say "what does not fit the lock file"
sed -i 's/"busybox": "[0-9a-f]*"/"busybox": "'"$(printf '0%.0s' $(seq 64))"'"/' "$recipe/recipe.lock"
expect 7 "$MUSTER" build "$recipe" -o "$HOME_DIR/again.qcow2" --frozen
expect_text "busybox is another"
echo '{}' >"$recipe/recipe.lock"
expect 4 "$MUSTER" build "$recipe" -o "$HOME_DIR/again.qcow2" --frozen
expect_text "recipe.lock"
[ ! -e "$HOME_DIR/again.qcow2" ] || fail "a refused build left a disk"
[ -z "${user:-}" ] || userdel "$user"
say "passed"
