// SPDX-License-Identifier: Apache-2.0
// What runs on a machine that is introspected alive: POSIX sh with find and tar, read from standard
// input. It only reads. The tar stream goes to standard output; standard error says as whom.
#pragma once

namespace assembler {

inline constexpr const char* kLiveScript = R"sh(
cd "${MUSTER_ROOT:-/}" || exit 3
if [ "$(id -u)" != 0 ] && sudo -n true 2>/dev/null </dev/null; then
    as="sudo -n"
else
    as=""
fi
echo "muster-uid $($as id -u </dev/null)" >&2
echo "muster-kernel $(uname -r)" >&2
# Names with line ends are left out: the list is by line. Files are bounded, and so is the list.
newline='
'
list() {
    folder=$1
    shift
    if [ -d "$folder/" ]; then
        $as find "$folder/" "$@" ! -path "*$newline*" \( -type f -o -type l \) -print \
            2>/dev/null </dev/null
    fi
}
program_folders='( -name node_modules -o -name .git ) -prune -o'
{
    list etc ! -size +8192
    for place in usr/local opt srv var/www usr/share/nginx; do
        # Words of their own: options of find.
        list "$place" -xdev $program_folders ! -size +2048 | head -n 50000
    done
    # Elsewhere only what looks like configuration.
    for place in root home u01 u02 var/lib; do
        list "$place" -xdev $program_folders ! -size +512 \( -name '.*' -o -path '*/.ssh/*' -o \
            -path '*/.aws/*' -o -path '*/.docker/*' -o -name '*.conf' -o -name '*.xml' -o \
            -name '*.yaml' -o -name '*.yml' -o -name '*.properties' -o -name '*.info' -o \
            -name '*.php' \) | head -n 20000
    done
    for place in usr/lib/systemd/system usr/local/lib/systemd/system var/spool/cron \
        var/lib/dpkg/status.d; do
        list "$place" ! -size +8192
    done
    [ -h lib ] || list lib/systemd ! -size +8192 \( -path '*/system/*' -o -path lib/systemd/systemd \)
    list var/lib/dpkg/info -name '*.list'
    $as grep -ls '  etc/' var/lib/dpkg/info/*.md5sums 2>/dev/null </dev/null
    for file in usr/lib/os-release var/lib/dpkg/status var/lib/dpkg/arch \
        var/lib/apt/extended_states var/lib/ucf/hashfile var/lib/ucf/registry \
        lib/apk/db/installed var/lib/postgresql/*/*/postgresql.auto.conf \
        usr/share/base-files/profile usr/share/base-files/motd usr/share/libc-bin/nsswitch.conf \
        usr/share/readline/inputrc usr/sbin/cron usr/sbin/crond usr/sbin/init \
        usr/lib/systemd/systemd; do
        if [ -h "$file" ] || [ -f "$file" ]; then
            echo "$file"
        fi
    done
    for file in bin sbin lib lib64 sbin/init; do
        [ ! -h "$file" ] || echo "$file"
    done
} | $as tar -c -f - -T - 2>/dev/null
exit 0
)sh";

}  // namespace assembler
