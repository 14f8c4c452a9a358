#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules for the text of the tree: licence line, nothing left to do, no package mirrors by name.

text_rules.py ROOT        fails with a line per finding in the files of ROOT (build folders left out)
text_rules.py --self-test shows that each rule catches a file that breaks it
"""
import os
import re
import sys

import rule_runner

CODE = re.compile(r"(\.(h|cpp|py|sh|cmake)|CMakeLists\.txt)$")
BINARY = re.compile(r"\.(qcow2|vmdk|ova|pem|png|gz|der|iso)$")
SKIPPED_FOLDERS = {".git", "build", "corpus"}
LEFT_TO_DO = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
# The host's own apt sources are what images are built from; a name in the tree would break other sites.
MIRROR = re.compile(r"https?://[\w.-]*(debian\.org/debian|ubuntu\.com/ubuntu|/debian-security)|"
                    r"\b(deb|security|ftp|snapshot|archive)\.[\w.]*(debian\.org|ubuntu\.com)\b")


def check_file(path, text):
    lines = text.splitlines()
    findings = []
    machines = re.match(r"tests/data/introspect/[^/]+/", path)  # files of machines, not ours
    is_code = not machines and (bool(CODE.search(path)) or text.startswith("#!"))
    if is_code and not any("SPDX-License-Identifier: Apache-2.0" in line for line in lines[:3]):
        findings.append(f"{path}: no SPDX line among the first three")
    if path.endswith(".h") and "#pragma once" not in lines:
        findings.append(f"{path}: no #pragma once")
    for number, line in enumerate(lines, 1):
        if is_code and LEFT_TO_DO.search(line):
            findings.append(f"{path}:{number}: something is left to do")
        if not path.startswith("tests/lint/") and MIRROR.search(line):
            findings.append(f"{path}:{number}: a package mirror by name")
    return findings


def check_tree(root):
    findings, files = [], 0
    for where, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS)
        for name in sorted(names):
            full = os.path.join(where, name)
            path = os.path.relpath(full, root)
            if BINARY.search(name) or os.path.islink(full) or not os.path.isfile(full):
                continue
            with open(full, encoding="utf-8", errors="replace") as file:
                findings += check_file(path, file.read())
            files += 1
    return findings, files


def self_test():
    spdx = "// SPDX-License-Identifier: Apache-2.0\n"
    bad = [
        ("base/a.cpp", "int x;\n"),
        ("scripts/run", "#!/bin/sh\necho\n"),
        ("base/a.h", spdx + "int x;\n"),
        ("base/a.cpp", spdx + "// TO" + "DO: more\n"),
        ("README.md", "deb http://deb." + "debian.org/debian bookworm main\n"),
        ("docs/a.md", "see snapshot." + "debian.org\n"),
    ]
    good = [
        ("base/a.h", spdx + "#pragma once\n"),
        ("README.md", "Debian 12, https://www.debian.org\n"),
    ]
    wrong = [case for case in bad if not check_file(*case)] + [case for case in good if check_file(*case)]
    for path, text in wrong:
        print(f"self-test: {path}: {text[:60]!r}")
    print(f"self-test: {len(bad) + len(good)} cases, {len(wrong)} wrong")
    return not wrong


if __name__ == "__main__":
    sys.exit(rule_runner.run(check_tree, self_test))
