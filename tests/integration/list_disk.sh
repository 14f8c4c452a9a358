# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# What is in a disk, to be compared with another. As root, in $work, which is the caller's; it mounts at $work/at.

# list_disk DISK [OPTIONS [ATTRIBUTE]]: a line for each entry of its root file system: all that an image is to keep. An attribute
# that the file system has of its own is left out.
list_disk() {
    local start
    start=$(sfdisk --json "$1" |
        python3 -c 'import json,sys; print(json.load(sys.stdin)["partitiontable"]["partitions"][-1]["start"] * 512)')
    # shellcheck disable=SC2016  # the inner shell's own
    unshare --mount sh -c 'mount -o "$1" "$2" "$3" && exec python3 - "$3" "$4"' \
        sh "loop,ro,offset=$start${2:+,$2}" "$1" "$work/at" "${3:-}" <<'PYTHON'
import hashlib, os, stat, sys
names = {}
def line(path):
    info = os.lstat(path)
    kind = stat.S_IFMT(info.st_mode)
    content = ""
    if kind == stat.S_IFREG:
        content = hashlib.sha256(open(path, "rb").read()).hexdigest()
    elif kind == stat.S_IFLNK:
        content = os.readlink(path)
    first = names.setdefault(info.st_ino, path) if kind != stat.S_IFDIR else path
    attributes = [(n, os.getxattr(path, n, follow_symlinks=False).hex()) for n in sorted(os.listxattr(path, follow_symlinks=False))
                  if n != sys.argv[2]]
    print(ascii(os.path.relpath(path, top)), oct(info.st_mode), info.st_uid, info.st_gid, int(info.st_mtime), content,
          ascii(os.path.relpath(first, top)), attributes)
top = sys.argv[1]
line(top)
for folder, folders, files in os.walk(top):
    if folder == top and "lost+found" in folders:
        folders.remove("lost+found")
    folders.sort()
    for name in sorted(folders + files):
        line(os.path.join(folder, name))
PYTHON
}
