#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Duty 2 of docs/security.md: descriptors made to read files, to eat memory or time, or to crash a parser. Bare and inside of a
# package, each is an error (4) that names it, within seconds, and gives nothing of the host away.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source=tests/integration/sample_package.sh
. "$(dirname "$0")/sample_package.sh"
requires python3 --version
cd "$work"
make_files
echo "the secret of this host" >secret.txt

# refuses TEXT: shop.ovf, bare and as an OVA, and for an ordinary user; TEXT is in the error.
refuses() {
    make_ova bad.ova bad.ovf disk.vmdk web.iso
    local -a user=()
    if [ "$(id -u)" = 0 ]; then
        chmod 755 . && chmod 644 bad.*
        user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    fi
    for command in "inspect bad.ovf" "inspect bad.ova" "verify bad.ova"; do
        # shellcheck disable=SC2086  # two words
        expect_exit 4 timeout 60 "$MUSTER" $command
        expect_text "$err" "$1"
        case $out$err in *"the secret of this host"*) fail "the content of a file is shown" ;; esac
    done
    "${user[@]}" test -x "$MUSTER" || return 0
    expect_exit 4 timeout 60 "${user[@]}" "$MUSTER" inspect bad.ovf
    expect_text "$err" "$1"
}

# make_bad EXPRESSION: bad.ovf from shop.ovf by a Python expression over text.
make_bad() {
    python3 -c 'import sys
text = open("shop.ovf").read()
head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
root = "<Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\">"
bad = eval(sys.argv[1])
open("bad.ovf", "wb").write(bad if isinstance(bad, bytes) else bad.encode())' "$1"
}

# External entities: a file, a parameter entity, a URL; and entities that grow.
make_bad 'text.replace("<Envelope", "<!DOCTYPE Envelope [<!ENTITY x SYSTEM \"secret.txt\">]>\n<Envelope", 1).replace("The database", "&x;")'
refuses "bad.ovf:2:1: DOCTYPE and other declarations are not allowed"
make_bad 'text.replace("<Envelope", "<!DOCTYPE Envelope [<!ENTITY % x SYSTEM \"http://127.0.0.1:1/x.dtd\"> %x;]>\n<Envelope", 1)'
refuses "bad.ovf:2:1: DOCTYPE and other declarations are not allowed"
make_bad 'head + "<!DOCTYPE a [<!ENTITY a \"ha\">" + "".join("<!ENTITY %c \"%s\">" % (c, "&%c;" % (ord(c) - 1) * 10) for c in "bcdefghij") + "]>" + root + "&j;</Envelope>"'
refuses "DOCTYPE and other declarations are not allowed"
make_bad 'text.replace("The database", "&x;")'
refuses "unknown entity '&x;'"

# Size, depth, elements, attributes, and one namespace that every name repeats.
make_bad 'text + " " * (17 << 20)'
refuses "limit"
make_bad 'head + root + "<a>" * 100000 + "</a>" * 100000 + "</Envelope>"'
refuses "nested deeper than 64"
make_bad 'head + root + "<a/>" * 300000 + "</Envelope>"'
refuses "more than 200000 elements"
make_bad 'head + root + "<a" + "".join(" a%d=\"\"" % i for i in range(5000)) + "/></Envelope>"'
refuses "more than 128 attributes"
make_bad 'head + "<Envelope xmlns=\"" + "n" * (4 << 20) + "\">" + "<a/>" * 100000 + "</Envelope>"'
refuses "namespaces of all names"

# Bytes that are no text, and text that has no end.
make_bad 'text.replace("The database", "\x1b[2J")'
refuses "the character U+001B is not allowed in XML"
make_bad 'text.encode().replace(b"The database", b"\xff\xfe")'
refuses "not UTF-8"
make_bad 'text[:len(text) // 2]'
refuses "bad.ovf:"
make_bad 'head.replace("UTF-8", "UTF-16") + root + "</Envelope>"'
status=0
timeout 60 "$MUSTER" inspect bad.ovf >/dev/null 2>err || status=$?
case $status in 4 | 5) ;; *) fail "an odd encoding gave $status: $(cat err)" ;; esac

# Format characters of printf are text like any other (CVE-2012-3569).
make_bad 'text.replace("The database", "%s%n%n%s")'
expect_exit 0 "$MUSTER" inspect bad.ovf
expect_text "$out" "%s%n%n%s"
