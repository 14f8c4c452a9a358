#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Images: a recipe is built, and again from the cache; the disk alone, without the kernel beside it, boots by GRUB in a
# package that comes from a web server, and is ready when its port answers.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
new_home
PATH=$PATH:/usr/sbin

say "a recipe to an image, twice"
expect 0 "$MUSTER" build "$SOURCE_DIR/templates/nginx" -o "$HOME_DIR/first/nginx.qcow2"
expect 0 "$MUSTER" --json build "$SOURCE_DIR/templates/nginx" -o "$HOME_DIR/nginx.qcow2"
[ "$(json 'x["from_cache"]' <<<"$OUTPUT")" = True ] || fail "the second build is not from the cache: $OUTPUT"
for file in nginx.qcow2 nginx.vmlinuz nginx.initrd nginx.build.json; do
    [ -s "$HOME_DIR/first/$file" ] || fail "$file is missing"
    cmp "$HOME_DIR/first/$file" "$HOME_DIR/$file"
done
[ "$(json 'x["name"]' <"$HOME_DIR/nginx.build.json")" = nginx ] || fail "the build record names another recipe"
expect 0 qemu-img check -f qcow2 "$HOME_DIR/nginx.qcow2"

say "what a build would do, and why"
cp -r "$SOURCE_DIR/templates/debian-base" "$SOURCE_DIR/templates/nginx" "$HOME_DIR/"
expect 0 "$MUSTER" build "$HOME_DIR/nginx" -o "$HOME_DIR/copy.qcow2"
expect 0 "$MUSTER" --json build "$HOME_DIR/nginx" --plan
[ "$(json 'x["image"]["cached"], x["executor"]["name"], {s["state"] for s in x["steps"]}' <<<"$OUTPUT")" = \
    "(True, 'compose', {'cached'})" ] || fail "the plan of a finished image: $OUTPUT"
sed -i 's/nginx -t -q/nginx -t/' "$HOME_DIR/nginx/recipe.yaml"
expect 0 "$MUSTER" build "$HOME_DIR/nginx" --explain
expect_text "text changed"
expect_text "follows a changed step"
expect_text "2 of "
echo "# another comment" >>"$HOME_DIR/nginx/files/nginx.conf"
expect 0 "$MUSTER" --json build "$HOME_DIR/nginx" --plan
[ "$(json '[s["why"] for s in x["steps"] if s["state"] == "run"][0]' <<<"$OUTPUT")" = \
    "copied file files/nginx.conf changed" ] || fail "the plan of a changed file: $OUTPUT"

say "only what changed runs, told to a program"
expect 0 "$MUSTER" build "$HOME_DIR/nginx" -o "$HOME_DIR/copy.qcow2" --progress=json
[ "$(grep '^{' <<<"$OUTPUT" | python3 -c '
import json, sys
events = [json.loads(line) for line in sys.stdin]
begun = [e for e in events if e["type"] == "step_begin"]
ended = [e for e in events if e["type"] == "step_end"]
ran = [e["name"] for e in begun if not e["cached"]]
print(len(begun) == len(ended), ran[0], events[-1]["type"])')" = \
    "True copy: files/nginx.conf to /etc/nginx/nginx.conf build_end" ] || fail "progress: $OUTPUT"

say "a step that fails: the tree is kept, or a shell opens in it"
printf 'name: broken\nfrom: nginx\nrun: [ "echo made >/root/made; echo say-it; exit 3" ]\n' >"$HOME_DIR/broken.yaml"
expect 2 "$MUSTER" build "$HOME_DIR/broken.yaml" -o "$HOME_DIR/broken.qcow2" --on-error=shell </dev/null
expect_text "terminal"
expect 9 "$MUSTER" build "$HOME_DIR/broken.yaml" -o "$HOME_DIR/broken.qcow2" --on-error=keep
expect_text "say-it"
expect_text "exit code 3"
kept=$(sed -n "s/.*the tree is kept in '\([^']*\)'.*/\1/p" <<<"$OUTPUT")
[ "$(cat "$kept/root/made")" = made ] || fail "no tree is kept: $OUTPUT"
rm -rf "$(dirname "$kept")"
expect 9 python3 "$SOURCE_DIR/tests/support/type_into.py" "# " "cat /root/made; echo from-\$((6 * 7))" "from-42" exit -- \
    "$MUSTER" build "$HOME_DIR/broken.yaml" -o "$HOME_DIR/broken.qcow2" --on-error=shell
expect_text "from-42"

say "what builds keep is listed and pruned, but not while a build runs"
expect 0 "$MUSTER" cache ls
expect_text "nginx: packages: nginx"
expect_text "in all"
expect 0 "$MUSTER" cache prune
expect 0 "$MUSTER" --json build "$HOME_DIR/nginx" --plan
[ "$(json 'x["image"]["cached"]' <<<"$OUTPUT")" = True ] || fail "what was just used was pruned: $OUTPUT"
exec 8>"$XDG_CACHE_HOME/muster/use.lock"
flock --shared 8
expect 7 "$MUSTER" cache prune --all
expect_text "a build runs"
exec 8>&-
expect 0 "$MUSTER" cache prune --all --dry-run
expect_text "would be freed"
expect 2 "$MUSTER" cache prune --older-than soon

say "the same as a raw disk"
expect 0 "$MUSTER" build "$SOURCE_DIR/templates/nginx" -o "$HOME_DIR/nginx.raw"
expect 0 qemu-img compare -f qcow2 -F raw "$HOME_DIR/nginx.qcow2" "$HOME_DIR/nginx.raw"
expect 0 sfdisk --verify "$HOME_DIR/nginx.raw"
expect 0 sfdisk --dump "$HOME_DIR/nginx.raw"
expect_text "label: gpt"
expect 2 "$MUSTER" build "$SOURCE_DIR/templates/nginx" -o "$HOME_DIR/nginx.iso"
expect_text "FILE.qcow2"

say "a disk that says so when it boots for the first time"
mkdir "$HOME_DIR/recipe" "$HOME_DIR/assembly"
cat >"$HOME_DIR/recipe/recipe.yaml" <<EOF
name: first-boot
version: 1.0.0
from: $SOURCE_DIR/templates/nginx
firstboot:
  - printf 'server { listen 81; return 200 "made at first boot\\\\n"; }\\n' >/etc/nginx/muster.d/first.conf
  - systemctl --no-block reload-or-restart nginx.service
EOF
expect 0 "$MUSTER" build "$HOME_DIR/recipe" -o "$HOME_DIR/web.qcow2"
cp "$HOME_DIR/web.qcow2" "$HOME_DIR/assembly/"
cat >"$HOME_DIR/assembly/assembly.yaml" <<'EOF'
muster: 1
name: alone
version: 1.0.0
networks: { net: {} }
machines:
  web:
    image: web.qcow2
    memory: 256 MiB
    networks: [net]
    ready: { tcp: 81, timeout: 10 min }
publish:
  - { machine: web, port: 81, as: http }
EOF
expect 0 "$MUSTER" pack "$HOME_DIR/assembly" -o "$HOME_DIR/alone.ova"

say "up from a web server"
serve_files "$HOME_DIR"
expect 0 "$MUSTER" up "$FILES_URL/alone.ova"
machine=$(our_processes | grep qemu-system || true)
[ -n "$machine" ] || fail "there is no machine"
[[ $machine != *-kernel* ]] || fail "the machine does not boot from its disk: $machine"
wait_for_page "$(url_of alone)" "made at first boot"
expect 0 "$MUSTER" logs alone web
expect_text "Linux version"
"$MUSTER" down alone
assert_nothing_left
say "passed"
