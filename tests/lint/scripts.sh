#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# scripts.sh ROOT: shellcheck over every shell script of the tree.
set -euo pipefail
cd "$1"
command -v shellcheck >/dev/null || { echo "shellcheck is missing: apt-get install shellcheck" >&2; exit 1; }
mapfile -t files < <(find . \( -name .git -o -path ./build \) -prune -o -type f -size -200k -print |
    while read -r file; do
        case $file in
            *.sh) echo "$file" ;;
            *) { head -c 64 "$file" | head -n 1 | tr -d '\0' | grep -qE '^#!.*\b(ba|da)?sh\b'; } && echo "$file" ;;
        esac
    done | sort)
[ ${#files[@]} -gt 0 ] || exit 1
shellcheck -x -P SCRIPTDIR -P . "${files[@]}"
echo "${#files[@]} scripts are clean"
