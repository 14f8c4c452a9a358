#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh SECONDS [TARGET…]: fuzzes the targets (default: all of targets.txt) one after the other, each for that long, from
# tests/fuzz/corpus and, when MUSTER_CORPUS is set, from the files there. What it finds lies in $FUZZ_DIR (default build/fuzz/found):
# TARGET/new has inputs that reach new code, TARGET/crashes what broke. Fails when something broke.
set -euo pipefail
source_dir=$(cd "$(dirname "$0")/../.." && pwd)
build=${FUZZ_BUILD:-$source_dir/build/fuzz}
found=${FUZZ_DIR:-$build/found}
seconds=${1:?seconds for each target}
shift
if [ $# = 0 ]; then
    mapfile -t every < <(cut -d' ' -f1 "$source_dir/tests/fuzz/targets.txt")
    set -- "${every[@]}"
fi

# Files of the field as further seeds, by what the target reads.
field_files() {
    [ -d "${MUSTER_CORPUS:-}" ] || return 0
    case $1 in
        descriptor | xml_edit | edit) find "$MUSTER_CORPUS" -type f -name '*.ovf' -size -256k ;;
        manifest) find "$MUSTER_CORPUS" -type f -name '*.mf' -size -64k ;;
        certificate) find "$MUSTER_CORPUS" -type f \( -name '*.cert' -o -name '*.pem' \) -size -64k ;;
        qcow2) find "$MUSTER_CORPUS" -type f -name '*.qcow2' -size -256k ;;
        zip) find "$MUSTER_CORPUS" -type f -name '*.zip' -size -256k ;;
        tar) find "$MUSTER_CORPUS" -type f \( -name '*.ova' -o -name '*.tar' \) -size -256k ;;
        vmdk) find "$MUSTER_CORPUS" -type f -name '*.vmdk' -size -256k ;;
        vhd) find "$MUSTER_CORPUS" -type f \( -name '*.vhd' -o -name '*.vhdx' -o -name '*.vdi' \) -size -256k ;;
        ovf_env) find "$MUSTER_CORPUS" -type f -name '*env*.xml' -size -64k ;;
        message_bundle) find "$MUSTER_CORPUS" -type f -name '*.msg' -size -64k ;;
    esac
}

broken=()
for target in "$@"; do
    grep -q "^$target " "$source_dir/tests/fuzz/targets.txt" || { echo "$target: no such target" && continue; }
    program=$build/bin/${target}_fuzz
    [ -x "$program" ] || { echo "$program is missing: cmake --preset fuzz && ninja -C build/fuzz ${target}_fuzz" >&2; exit 1; }
    mkdir -p "$found/$target"/{new,crashes,seeds}
    field_files "$target" | while read -r file; do
        cp "$file" "$found/$target/seeds/$(sha1sum <"$file" | cut -c1-16)"
    done
    echo "$target: $seconds s"
    if ! nice -n 15 "$program" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=3072 -print_final_stats=1 \
        -artifact_prefix="$found/$target/crashes/" "$found/$target/new" "$source_dir/tests/fuzz/corpus/$target" \
        "$found/$target/seeds" >"$found/$target/log" 2>&1; then
        broken+=("$target")
        tail -n 40 "$found/$target/log"
    fi
    grep -E 'stat::number_of_executed_units|DONE' "$found/$target/log" || true
done
[ ${#broken[@]} = 0 ] || { echo "broken: ${broken[*]}"; exit 1; }
