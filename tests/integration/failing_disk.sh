# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Runs whole verbs on a disk that fails: the N-th read, write, sync or rename goes wrong, for N = 1, 2, … until the verb
# no longer makes so many. Every time the verb has to say so, nothing half-made may be left, and what was there before has
# to be unchanged. Give fails_cleanly a command, and in ./before what it needs.
: "${work:?functions.sh comes first}"
requires test -f "${FAILING_IO_LIBRARY:-}"

# try KIND N: runs "${command[@]}" in a fresh copy of ./before, which is ./trial then.
try() {
    rm -rf trial mark
    cp -a before trial
    status=0
    (cd trial && FAILING_IO="$1 $2 $errno" FAILING_IO_MARK=$work/mark LD_PRELOAD=$FAILING_IO_LIBRARY \
        "${command[@]}") >out 2>err || status=$?
}

# An image's record holds the time, and an environment the id of a new instance.
same_as() {
    diff -r -x record.json -I 'key="instance-id"' "$1" trial >difference 2>&1
}

# The trial folder is as before, or what a good run makes: a result may be complete although the last sync failed.
check_nothing_left() {
    same_as before || same_as good ||
        fail "$1: left behind after '${command[*]}':
$(cat difference)
$(cat err)"
}

# fails_cleanly COMMAND…: in ./before there is what it needs.
fails_cleanly() {
    command=("$@")
    local kind n tried=0
    rm -rf good
    cp -a before good
    (cd good && "${command[@]}") >out 2>err || fail "a good run of '$*' failed: $(cat err)"
    for kind in read write sync rename; do
        errno=5  # EIO
        [ $kind = write ] && errno=28  # ENOSPC
        n=1
        while :; do
            try $kind $n
            [ -e mark ] || break
            tried=$((tried + 1))
            case $status in
                0)
                    # Only what does not matter may fail unnoticed.
                    same_as good || fail "$kind $n of '$*' failed unnoticed: $(cat difference)" ;;
                [2-9] | 10)
                    expect_text "$(cat err)" "muster: error: " ;;
                *)
                    fail "$kind $n of '$*': exit $status: $(cat err)" ;;
            esac
            check_nothing_left "$kind $n"
            # The first calls one by one, then fewer.
            n=$((n < 24 ? n + 1 : n + n / 4))
        done
        [ "$status" = 0 ] || fail "without a failing $kind '$*' gave $status: $(cat err)"
    done
    echo "$tried failures of '$*'"
    [ $tried -ge 4 ] || fail "the library did not come into play: $tried failures only"
}

# make_assembly: in the current folder, an assembly of one machine with a small disk.
make_assembly() {
    {
        head -c 200000 /dev/urandom
        head -c 400000 /dev/zero
        echo end
    } >disk.raw
    truncate -s 1M disk.raw
    cat >assembly.yaml <<'YAML'
muster: 1
name: small
version: 1.0.0
networks: { net: {} }
machines:
  one:
    image: disk.raw
    memory: 128 MiB
    networks: [net]
    ready: { key: app.ready }
YAML
}
