#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of docs/security.md names tests that exist, for every duty.

security_index.py ROOT        fails with a line per test that is named there and does not exist
security_index.py --self-test shows that a missing file, a missing test and a missing duty are found
"""
import os
import re
import sys
import tempfile

import rule_runner

DUTIES = range(1, 10)
ROW = re.compile(r"^\|\s*(\d+)\s*\|(.*)\|(.*)\|\s*$")
# `path`, or `path`: "name", "name"
CITED = re.compile(r'`([^`]+)`(?::((?:\s*"[^"]+",?)+))?')


def check_tree(root):
    findings, seen, files = [], set(), set()
    with open(os.path.join(root, "docs/security.md"), encoding="utf-8") as file:
        rows = [match for match in map(ROW.match, file) if match]
    for row in rows:
        duty = int(row.group(1))
        seen.add(duty)
        found = CITED.findall(row.group(3))
        if not found:
            findings.append(f"duty {duty}: no test is named")
        for path, names in found:
            files.add(path)
            full = os.path.join(root, path)
            if not path.startswith("tests/") or not os.path.isfile(full):
                findings.append(f"duty {duty}: there is no {path}")
                continue
            with open(full, encoding="utf-8") as file:
                text = file.read()
            for name in re.findall(r'"([^"]+)"', names):
                if not re.search(r'TEST_CASE(?:_METHOD)?\([^"]*"' + re.escape(name) + '"', text):
                    findings.append(f'duty {duty}: {path} has no test "{name}"')
    findings += [f"duty {duty}: it is not in the table" for duty in DUTIES if duty not in seen]
    return findings, len(files)


def self_test():
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(os.path.join(root, "docs"))
        os.makedirs(os.path.join(root, "tests"))
        with open(os.path.join(root, "tests/a_test.cpp"), "w", encoding="utf-8") as file:
            file.write('TEST_CASE("there", "[a]") {}\n// "only said"\n')
        lines = [f'| {duty} | w | `tests/a_test.cpp`: "there" |' for duty in DUTIES]

        def findings_with(line):
            with open(os.path.join(root, "docs/security.md"), "w", encoding="utf-8") as file:
                file.write("\n".join(lines[1:] + [line]) + "\n")
            return check_tree(root)[0]

        good = not findings_with(lines[0])
        bad = [findings_with(line) for line in (
            '| 1 | w | `tests/gone_test.cpp` |', '| 1 | w | `tests/a_test.cpp`: "there", "gone" |',
            '| 1 | w | `tests/a_test.cpp`: "only said" |', "| 1 | w | nothing |", "")]
    print(f"self-test: good {good}, bad {bad}")
    return good and all(len(findings) == 1 for findings in bad)


if __name__ == "__main__":
    sys.exit(rule_runner.run(check_tree, self_test))
