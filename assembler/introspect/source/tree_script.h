// SPDX-License-Identifier: Apache-2.0
// What runs on a machine whose whole tree is captured alive: POSIX sh with GNU tar, read from
// standard input. It only reads. The tar stream goes to standard output; standard error has lines
// of a word and a value: "muster-bytes N", the size of its file systems, and before a failure
// "muster-refused WHY".
#pragma once

namespace assembler {

inline constexpr const char* kTreeScript = R"sh(
cd "${MUSTER_ROOT:-/}" || exit 3
as=
if [ "$(id -u)" != 0 ]; then
    if ! sudo -n true 2>/dev/null </dev/null; then
        echo "muster-refused root" >&2
        exit 4
    fi
    as="sudo -n"
fi
if ! tar --version 2>/dev/null </dev/null | grep -q 'GNU tar'; then
    echo "muster-refused tar" >&2
    exit 4
fi
# The file systems of disks besides the root's; the kernel's, those in memory and the network's stay
# empty folders. What the firmware boots from is made anew. Blanks in names are \040 in this list.
root_device=$($as stat -c %d . </dev/null)
set -- .
while read -r device point type rest; do
    case $type in
        ext2 | ext3 | ext4 | xfs | btrfs | f2fs | jfs | vfat | exfat) ;;
        *) continue ;;
    esac
    point=$(printf '%b' "$(printf '%s' "$point" | sed 's/\\\([0-7]\)/\\0\1/g')")
    case $point in
        / | /boot/efi | /efi) continue ;;
    esac
    if [ -d ".$point" ] && [ "$($as stat -c %d ".$point" </dev/null)" != "$root_device" ]; then
        set -- "$@" ".$point"
    fi
done </proc/self/mounts
echo "muster-bytes $($as df -Pk "$@" 2>/dev/null </dev/null | awk 'NR > 1 && !seen[$1]++ { n += $2 } END { printf "%.0f", n * 1024 }')" >&2
while read -r file type rest; do
    [ "$type" != file ] || printf '%s\n' ".$file"
done </proc/swaps 2>/dev/null | $as tar -c -f - --format=posix --numeric-owner --acls --xattrs \
    --xattrs-include='*' --one-file-system --anchored --no-wildcards --exclude-from=- \
    --exclude=./lost+found --warning=no-file-changed --warning=no-file-ignored \
    --warning=no-file-removed --warning=no-xdev "$@"
# 1: a file changed while it was read, as files of a running machine do.
[ $? -le 1 ] || exit 5
exit 0
)sh";

}  // namespace assembler
