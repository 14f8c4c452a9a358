#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# muster lint and muster diff: exit codes, targets, every form of output, and what is compared.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/sample_package.sh
. "$(dirname "$0")/sample_package.sh"
requires openssl version
requires python3 --version
cd "$work"

make_files
make_manifest
make_ova shop.ova shop.ovf disk.vmdk web.iso shop.mf

# What the sample has is for its targets; muster takes it but for its disk, which is none.
expect_exit 4 "$MUSTER" lint shop.ova --target vcenter
expect_text "$out" "shop.ova/disk.vmdk: error VMDK-002: 'disk.vmdk' is said to be a VMDK"
expect_text "$out" "error"
expect_exit 4 "$MUSTER" lint shop.ova --target vcenter --target proxmox
expect_text "$out" "for vcenter, proxmox"
expect_text "$out" "[vcenter]"
# The levels of each, where they differ.
sed 's/href="web.iso"/href="a\/web.iso"/' shop.ovf >"$work/levels.ovf"
mkdir levels && mv levels.ovf levels/
expect_exit 4 "$MUSTER" lint levels/levels.ovf --target proxmox --target muster
expect_text "$out" "error OVF-203: the href 'a/web.iso' names a file in a folder [error: proxmox; note: muster]"

# A descriptor without its files: by its path and through a pipe.
mkdir bare && cp shop.ovf bare/
expect_exit 0 bash -c "cat shop.ovf | $MUSTER lint -"
expect_text "$out" "standard input:"
# As soon as one of its files is there, the others are missed; a folder is a package too.
expect_exit 4 "$MUSTER" lint shop.ovf
expect_text "$out" "disk.vmdk: error VMDK-002"
mkdir folder && cp shop.ovf web.iso folder/
expect_exit 4 "$MUSTER" lint folder
expect_text "$out" "error PKG-002: the descriptor refers to 'disk.vmdk', which is not in the package"
expect_exit 0 "$MUSTER" lint bare/shop.ovf
case $out in *PKG-*) fail "a descriptor without any of its files is taken for a package" ;; esac

# Warnings are errors with --strict.
sed 's/<Name>The database<\/Name>//; s/ovf:capacity="[0-9]*"/ovf:capacity="0"/' shop.ovf >bare/odd.ovf
expect_exit 4 "$MUSTER" lint bare/odd.ovf
expect_text "$out" "odd.ovf:"
expect_exit 0 "$MUSTER" lint bare/shop.ovf --target muster
expect_exit 4 "$MUSTER" lint bare/shop.ovf --target virtualbox --strict

# What is damaged or no package is a finding too, and the exit code of bad input.
head -c 3000 shop.ova >cut.ova
expect_exit 4 "$MUSTER" lint cut.ova
expect_text "$out" "cut.ova: error PKG-001: "
echo "<a>" >bare/broken.ovf
expect_exit 4 "$MUSTER" lint bare/broken.ovf
expect_text "$out" "bare/broken.ovf:1:"
expect_text "$out" "error OVF-001"
printf '<html/>' >bare/page.ovf
expect_exit 4 "$MUSTER" lint bare/page.ovf
expect_text "$out" "error OVF-002"

# JSON and SARIF are what they claim to be.
expect_exit 4 "$MUSTER" lint shop.ova --target all --json
python3 - "$work/.out" <<'PY' || fail "JSON"
import json, sys
report = json.load(open(sys.argv[1]))
assert len(report["targets"]) == 8 and report["package"] and report["summary"]["errors"] > 0
assert all(f["rule"] and f["text"] and f["fix"] for f in report["findings"])
PY
expect_exit 4 "$MUSTER" lint shop.ova --target all --sarif
python3 - "$work/.out" <<'PY' || fail "SARIF"
import json, sys
log = json.load(open(sys.argv[1]))
assert log["version"] == "2.1.0" and len(log["runs"]) == 1
run = log["runs"][0]
rules, artifacts = run["tool"]["driver"]["rules"], run["artifacts"]
assert run["tool"]["driver"]["name"] == "muster" and len({r["id"] for r in rules}) == len(rules)
assert run["results"]
for result in run["results"]:
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert result["level"] in ("none", "note", "warning", "error") and result["message"]["text"]
    place = result["locations"][0]["physicalLocation"]
    artifact = place["artifactLocation"]
    assert artifacts[artifact["index"]]["location"]["uri"] == artifact["uri"]
    assert place.get("region", {"startLine": 1})["startLine"] >= 1
PY

# Escape sequences of a stranger do not reach the terminal.
printf '%s' 's/id="db"/id="d\&#x9b;2Jb"/' >edit.sed
sed -f edit.sed shop.ovf >bare/evil.ovf
"$MUSTER" lint bare/evil.ovf --target all >evil.txt || true
LC_ALL=C grep -q $'\xc2\x9b' evil.txt && fail "an escape sequence is printed"

expect_exit 2 "$MUSTER" lint shop.ova --target hal9000
expect_text "$err" "unknown target 'hal9000'"
expect_exit 2 "$MUSTER" lint
expect_exit 3 "$MUSTER" lint gone.ova
expect_exit 0 "$MUSTER" lint --rules --target proxmox
expect_text "$out" "OVF-605"
expect_exit 0 "$MUSTER" lint --rules --markdown
cmp -s "$work/.out" "$MUSTER_SOURCE_DIR/docs/lint-rules.md" || fail "docs/lint-rules.md is out of date"

# diff: the same package, a change, and what tells them apart.
expect_exit 0 "$MUSTER" diff shop.ova shop.ova --exit-code
expect_text "$out" "no differences"
sed 's/>512</>1024</' shop.ovf >bare/more.ovf
expect_exit 0 "$MUSTER" diff shop.ovf bare/more.ovf
expect_text "$out" "machine 'db'"
expect_text "$out" "  ~ memory: 512 MiB -> 1 GiB"
expect_exit 10 "$MUSTER" diff shop.ovf bare/more.ovf --exit-code
expect_exit 0 "$MUSTER" diff shop.ovf bare/more.ovf --json
expect_text "$out" '"same": false'
# Other bytes in a file, another name for it.
echo more >>web.iso
make_manifest
make_ova other.ova shop.ovf disk.vmdk web.iso shop.mf
expect_exit 10 "$MUSTER" diff shop.ova other.ova --exit-code
expect_text "$out" "+ 'web.iso': SHA-256 "
expect_exit 0 bash -c "cat other.ova | $MUSTER diff --exit-code - other.ova"
expect_exit 2 "$MUSTER" diff - -
expect_exit 4 "$MUSTER" diff shop.ova cut.ova
expect_exit 3 "$MUSTER" diff shop.ova gone.ova
case $out$err in *hunter2*) fail "a password is shown" ;; esac
