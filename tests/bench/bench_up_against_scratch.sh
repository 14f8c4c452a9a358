#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The headline: `muster up` of the packed guestbook against installing the same application from scratch into three
# fresh machines (bootstrap, packages, configuration, start), in one run on one machine. Both end at the first HTTP
# answer. The scratch side uses muster's own builder, one machine after the other and with an empty cache for each
# (packages are fetched anew), which is the fastest way known to us; with the usual tools it takes longer. What it does
# only because muster starts machines from packages, packing and import, is not counted.
# Usage: tests/bench/bench_up_against_scratch.sh     (E2E_DIR with guestbook.ova from earlier runs is used when there)
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"
new_home
make_guestbook

now() { date +%s.%N; }
since() { echo "scale=1; ($(now) - $1) / 1" | bc; }

# Seconds of the steps of the last deploy job, all or those of this name.
steps_of_last_deploy() {
    "$MUSTER" jobs --json | python3 -c '
import json, sys
deploys = [job for job in json.load(sys.stdin) if job["kind"] == "deploy"]
for step in max(deploys, key=lambda job: job["id"])["steps"]:
    seconds = (step["finished_ms"] - step["started_ms"]) / 1000
    if len(sys.argv) == 1:
        print("    %7.2f s  %s" % (seconds, step["name"]))
    elif step["name"] == sys.argv[1]:
        print(seconds)' "$@"
}

say "up of the packed assembly"
start=$(now)
"$MUSTER" --quiet up "$E2E_DIR/guestbook.ova" --trust "$E2E_DIR/cert.pem" >/dev/null
curl -fsS "$(url_of guestbook)" >/dev/null
up=$(since "$start")
steps_of_last_deploy
"$MUSTER" --quiet down guestbook >/dev/null

say "the same from scratch: three machines, nothing cached"
start=$(now)
for recipe in postgres python-app nginx; do
    one=$(now)
    XDG_CACHE_HOME=$HOME_DIR/cache-$recipe "$MUSTER" --quiet build "$SOURCE_DIR/templates/$recipe" \
        -o "$HOME_DIR/$recipe.qcow2" >/dev/null
    printf '    %7.1f s  %s\n' "$(since "$one")" "$recipe"
done
mkdir "$HOME_DIR/assembly"
sed -e "s#image: .*/\(postgres\|python-app\|nginx\)#image: $HOME_DIR/\1.qcow2#" \
    "$SOURCE_DIR/templates/guestbook/assembly.yaml" >"$HOME_DIR/assembly/assembly.yaml"
one=$(now)
"$MUSTER" --quiet pack "$HOME_DIR/assembly" -o "$HOME_DIR/scratch.ova" >/dev/null
packed=$(since "$one")
"$MUSTER" --quiet up "$HOME_DIR/scratch.ova" >/dev/null
curl -fsS "$(url_of guestbook)" >/dev/null
scratch=$(echo "$(since "$start") - $packed - $(steps_of_last_deploy import)" | bc)
steps_of_last_deploy
"$MUSTER" --quiet down guestbook >/dev/null

printf 'up %s s; from scratch %s s; ratio %s; saved %s %%\n' "$up" "$scratch" \
    "$(echo "scale=1; $scratch / $up" | bc)" "$(echo "scale=1; 100 - 100 * $up / $scratch" | bc)"
