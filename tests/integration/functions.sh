# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced first by every script here. Gives: $work, a folder that goes away at the end; requires, cleanup_fn,
# expect_exit, fail. A requirement that is missing skips the test (77), or fails it with MUSTER_REQUIRE_ALL=1.
set -euo pipefail

: "${MUSTER:?the muster program to test}"
: "${MUSTER_SOURCE_DIR:?the source tree}"

cleanup_commands=()
run_cleanup() {
    local status=$?
    local i
    for ((i = ${#cleanup_commands[@]} - 1; i >= 0; i--)); do
        eval "${cleanup_commands[i]}" || true
    done
    return $status
}
trap run_cleanup EXIT

# cleanup_fn WORD…: runs at the end, whatever happens; the last one first.
cleanup_fn() {
    cleanup_commands+=("$(printf '%q ' "$@")")
}

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

skip() {
    echo "skipped: $*" >&2
    if [ "${MUSTER_REQUIRE_ALL:-}" = 1 ]; then
        fail "MUSTER_REQUIRE_ALL=1 and $*"
    fi
    exit 77
}

# requires COMMAND…: the command must succeed.
requires() {
    "$@" >/dev/null 2>&1 || skip "this needs: $*"
}

# requires_corpus: files from the field in the folder $MUSTER_CORPUS, which is left in $corpus. The project does not carry
# them: without it the test is skipped, also with MUSTER_REQUIRE_ALL=1.
requires_corpus() {
    corpus=${MUSTER_CORPUS:-}
    if [ -z "$corpus" ]; then
        echo "skipped: MUSTER_CORPUS is unset" >&2
        exit 77
    fi
    [ -d "$corpus" ] || fail "MUSTER_CORPUS is no folder: $corpus"
}

# expect_exit CODE COMMAND…: runs it; its output is in $out and $err afterwards.
expect_exit() {
    local expected=$1 status=0
    shift
    "$@" >"$work/.out" 2>"$work/.err" || status=$?
    out=$(tr -d '\0' <"$work/.out")
    err=$(tr -d '\0' <"$work/.err")
    [ "$status" = "$expected" ] || fail "exit $status instead of $expected: $*
stdout: $out
stderr: $err"
}

# wait_for_file FILE: until a program that was started writes it.
wait_for_file() {
    for _ in $(seq 600); do
        [ -s "$1" ] && return
        sleep 0.1
    done
    fail "'$1' was not written within a minute"
}

# expect_text HAYSTACK NEEDLE
expect_text() {
    case $1 in
        *"$2"*) ;;
        *) fail "'$2' is not in:
$1" ;;
    esac
}

work=$(mktemp -d "${TMPDIR:-/tmp}/muster-test.XXXXXX")
cleanup_fn rm -rf "$work"
export XDG_RUNTIME_DIR=$work/run XDG_DATA_HOME=$work/data XDG_CACHE_HOME=$work/cache XDG_CONFIG_HOME=$work/config
mkdir -m 700 "$XDG_RUNTIME_DIR"
# shellcheck disable=SC2034  # read by the scripts
out='' err=''
