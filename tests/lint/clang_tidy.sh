#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clang_tidy.sh [BUILD_DIR] [PATH_REGEX]: clang-tidy with our .clang-tidy over the compile commands of a build (default:
# build/files, where each file has one of its own), all cores. By default over our modules; tests are compiled with warnings as errors and not tidied.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:-build/files}
paths=${2:-"$PWD/(base|ovfkit|imagebuilder|assembler|hvruntime|deployer|cli)/.*\.cpp$"}
tidy=$(command -v run-clang-tidy || command -v run-clang-tidy-14) || {
    echo "run-clang-tidy is missing: apt-get install clang-tidy" >&2
    exit 1
}
[ -f "$build/compile_commands.json" ] || { echo "no compile commands in $build: cmake --preset files" >&2; exit 1; }
grep -qE "$paths" <(sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' "$build/compile_commands.json") || {
    echo "no file in $build/compile_commands.json matches $paths" >&2
    exit 1
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# g++ takes warnings that clang does not know.
status=0 colours=$'s/\033\\[[0-9;]*[mK]//g'
"$tidy" -quiet -p "$build" -j "$(nproc)" -extra-arg=-Wno-unknown-warning-option "$paths" >"$log" 2>&1 || status=$?
findings=$(sed "$colours" "$log" | grep -E ': (error|warning):' | sort -u || true)
[ -z "$findings" ] || printf '%s\n' "$findings"
echo "$(grep -c . <<<"$findings" || true) findings"
exit $status
