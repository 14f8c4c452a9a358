#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# format.sh ROOT: every source file is as clang-format with our .clang-format leaves it.
set -euo pipefail
cd "$1"
command -v clang-format >/dev/null || { echo "clang-format is missing: apt-get install clang-format" >&2; exit 1; }
mapfile -t files < <(find . \( -name .git -o -path ./build \) -prune -o \( -name '*.h' -o -name '*.cpp' \) -print | sort)
[ ${#files[@]} -gt 0 ] || exit 1
if ! output=$(clang-format --dry-run --Werror "${files[@]}" 2>&1); then
    echo "not formatted (run clang-format -i on them):"
    grep -E 'error:' <<<"$output" | cut -d: -f1 | sort | uniq -c
    exit 1
fi
echo "${#files[@]} files are formatted"
