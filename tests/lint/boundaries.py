#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may include whom, and one door per foreign thing (ARCHITECTURE.md holds the same tables in words).

boundaries.py ROOT        fails with a line per forbidden include or call below ROOT
boundaries.py --self-test shows that each rule catches a file that breaks it
"""
import os
import re
import sys
import tempfile

import rule_runner

ALLOWED = {
    "base": {"base"},
    "ovfkit": {"base", "ovfkit"},
    "imagebuilder": {"base", "ovfkit", "imagebuilder"},
    "assembler": {"base", "ovfkit", "imagebuilder", "assembler"},
    "hvruntime": {"base", "hvruntime"},
    "deployer": {"base", "ovfkit", "hvruntime", "deployer"},
    "cli": {"base", "ovfkit", "imagebuilder", "assembler", "hvruntime", "deployer", "cli"},
}
ALLOWED["tests"] = ALLOWED["cli"] | {"tests"}

# muster-guest is a program of its own inside the guest: it reads the OVF environment and nothing else of OVF.
EXCEPTIONS = [(r"hvruntime/guest/agent/", r"ovfkit/env/")]

# (name, pattern over include lines, pattern of the paths that may)
INCLUDE_DOORS = [
    ("pugixml", r"pugixml", r"ovfkit/xml/"),
    ("libguestfs", r"guestfs\.h", r"imagebuilder/guestfs/"),
    ("libarchive", r"archive(_entry)?\.h", r"imagebuilder/(disk/tar_entries|install/iso_files)\.cpp"),
    ("libext2fs", r"ext2fs/|et/com_err",
     r"imagebuilder/(disk/ext4_(writer|blocks)\.(h|cpp)|filetree/ext4/ext4_volume\.cpp)"),
    ("ISA-L", r"isa-l(/|\.h)", r"ovfkit/disk/codec/fast_deflate\.cpp"),
    ("libdeflate", r"libdeflate\.h", r"ovfkit/disk/codec/deflate\.cpp"),
    ("SQLite", r"sqlite3\.h", r"hvruntime/store/sqlite_connection\.cpp"),
    ("zstd", r"zstd\.h", r"ovfkit/disk/codec/zstd\.cpp|ovfkit/package/source/filter/zstd_unpacker\.cpp"),
    ("zlib", r"zlib\.h", r"ovfkit/disk/codec/gzip_sink\.cpp|ovfkit/package/source/filter/gzip_\w+\.cpp"),
    ("liblzma", r"lzma\.h", r"ovfkit/package/source/filter/xz_unpacker\.cpp"),
    ("OpenSSL", r"openssl/", r"base/crypto/"),
    ("process spawning", r"spawn\.h", r"base/process\.cpp"),
    ("seccomp and Landlock", r"linux/(seccomp|landlock|filter|audit)\.h", r"base/sandbox/lockdown\.cpp"),
    ("libmicrohttpd", r"microhttpd\.h", r"hvruntime/api/"),
    ("libslirp", r"libslirp|slirp/", r"hvruntime/net/engine/uplink\.cpp"),
    ("libisofs", r"libisofs", r"hvruntime/machine/config_iso\.cpp"),
    ("libcurl", r"curl/", r"base/http_\w+\.(h|cpp)"),
    ("yaml-cpp", r"yaml-cpp/", r"base/yaml\.cpp"),
    ("nlohmann json", r"nlohmann/", r"base/json\.(h|cpp)"),
    ("CLI11", r"CLI/", r"cli/"),
    ("Catch2", r"catch2/", r"tests/support/catch(_main)?\.(h|cpp)"),
]

# (name, pattern over code lines, pattern of the paths that may)
CODE_DOORS = [
    ("process spawning", r"\b(fork|vfork|posix_spawnp?|exec[lv]p?e?|execvpe|clone3?|popen|system)\s*\(",
     r"base/process\.cpp|base/sandbox/sandbox_child\.cpp|tests/"),
    ("QMP text", r"qmp_capabilities|\\\"execute\\\"|\"execute\"", r"hvruntime/qmp/|tests/"),
]

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
SOURCE = re.compile(r"\.(h|cpp)$")


def is_call(line, match):
    """A free function of that name: not a member, not another namespace's, not a declaration."""
    before = line[:match.start()].rstrip()
    return before.endswith("::") and not re.search(r"\w::$", before) or \
        not re.search(r"(\.|->|::|\w)$", before)


def code_of(line):
    """The line without its comment; strings stay."""
    return re.sub(r"//.*", "", line)


def check_file(path, text):
    findings = []
    folder = path.split("/")[0]
    for number, line in enumerate(text.splitlines(), 1):
        include = INCLUDE.match(line)
        where = f"{path}:{number}"
        if include:
            quote, target = include.groups()
            excepted = any(re.match(a, path) and re.match(b, target) for a, b in EXCEPTIONS)
            if quote == '"' and target.split("/")[0] not in ALLOWED[folder] and not excepted:
                findings.append(f"{where}: {folder}/ must not include \"{target}\"")
            for name, pattern, door in INCLUDE_DOORS:
                if quote == "<" and re.match(pattern, target) and not re.match(door, path):
                    findings.append(f"{where}: <{target}>: the door to {name} is {door}")
            continue
        for name, pattern, door in CODE_DOORS:
            if re.match(door, path):
                continue
            for match in re.finditer(pattern, code_of(line)):
                if name != "process spawning" or is_call(code_of(line), match):
                    findings.append(f"{where}: {match.group(0)}: the door to {name} is {door}")
    return findings


def check_tree(root):
    findings, files = [], 0
    for folder in sorted(ALLOWED):
        for where, _, names in os.walk(os.path.join(root, folder)):
            for name in sorted(names):
                if SOURCE.search(name):
                    full = os.path.join(where, name)
                    with open(full, encoding="utf-8") as file:
                        findings += check_file(os.path.relpath(full, root), file.read())
                    files += 1
    return findings, files


def self_test():
    bad = [
        ("base/a.cpp", '#include "ovfkit/xml/document.h"'),
        ("ovfkit/a.h", '#include "hvruntime/machine/machine.h"'),
        ("hvruntime/a.h", '#include "ovfkit/descriptor/envelope.h"'),
        ("hvruntime/guest/agent/a.h", '#include "ovfkit/descriptor/envelope.h"'),
        ("deployer/a.h", '#include "imagebuilder/recipe.h"'),
        ("cli/a.h", '#include "tests/support/catch.h"'),
        ("cli/a.h", '#include "document.h"'),
        ("hvruntime/net/a.cpp", "    const pid_t child = ::fork();"),
        ("cli/a.cpp", "    std::fputs(x); system(command);"),
        ("deployer/a.cpp", "    ::execvp(argv[0], argv);"),
        ("hvruntime/machine/a.cpp", r'    send("{\"execute\":\"quit\"}");'),
    ] + [("assembler/a.cpp", f"#include <{header}>") for header in (
        "pugixml.hpp", "guestfs.h", "archive.h", "archive_entry.h", "ext2fs/ext2fs.h", "libdeflate.h", "isa-l/igzip_lib.h",
        "zstd.h", "zlib.h", "lzma.h", "sqlite3.h", "openssl/evp.h", "spawn.h", "linux/seccomp.h",
        "microhttpd.h", "libslirp.h", "libisofs/libisofs.h", "curl/curl.h", "yaml-cpp/yaml.h", "nlohmann/json.hpp", "CLI/CLI.hpp",
        "catch2/catch.hpp")]
    good = [
        ("hvruntime/guest/agent/a.h", '#include "ovfkit/env/ovf_env.h"'),
        ("base/json.h", "#include <nlohmann/json.hpp>"),
        ("base/process.cpp", "    ::posix_spawnp(&pid, argv, nullptr);"),
        ("cli/a.cpp", "    machine.system(3); codes::fork(1);  // fork() would be wrong"),
        ("cli/a.cpp", "int file_system(int x);"),
        ("ovfkit/a.cpp", '#include "base/error.h"'),
        ("ovfkit/a.cpp", "    virtual_system(x); std::error_code code;"),
    ]
    failed = 0
    for expected, cases in ((True, bad), (False, good)):
        for path, line in cases:
            with tempfile.TemporaryDirectory() as root:
                full = os.path.join(root, path)
                os.makedirs(os.path.dirname(full))
                with open(full, "w", encoding="utf-8") as file:
                    file.write(line + "\n")
                found = bool(check_tree(root)[0])
            if found != expected:
                print(f"self-test: {path}: {line}: {'found' if found else 'not found'}")
                failed += 1
    print(f"self-test: {len(bad) + len(good)} cases, {failed} wrong")
    return failed == 0


if __name__ == "__main__":
    sys.exit(rule_runner.run(check_tree, self_test))
