# SPDX-License-Identifier: Apache-2.0
"""The command line that the rule scripts share: ROOT checks a tree, --self-test the rules themselves."""
import sys


def run(check_tree, self_test):
    """check_tree(root) gives (findings, number of files); self_test() whether every rule does its work."""
    if sys.argv[1:] == ["--self-test"]:
        return 0 if self_test() else 1
    findings, files = check_tree(sys.argv[1])
    for finding in findings:
        print(finding)
    print(f"{files} files, {len(findings)} findings")
    return 0 if files > 0 and not findings else 1
