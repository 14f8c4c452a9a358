#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_windows.py FOLDER: files by which a disk is one of Windows: empty registry hives and a program's header.

Nothing in it comes from a Windows: the hives are a header, one block and the root key of the registry's file format; the
program is the header of an executable for x86-64 and no code."""
import os
import struct
import sys


def cell(body):
    """An allocated cell: its size, negative, a multiple of 8, and its content."""
    size = (4 + len(body) + 7) // 8 * 8
    return struct.pack("<i", -size) + body.ljust(size - 4, b"\0")


def empty_hive(name):
    none = 0xFFFFFFFF
    key_at = 0x20
    root = b"$$$PROTO.HIV"
    # key: flags (root, not deletable, name of bytes), time, access, parent, subkeys, values, security, class, lengths
    key = b"nk" + struct.pack("<HQIIIIIIII", 0x2C, 0, 0, none, 0, 0, none, none, 0, none)
    security_at = key_at + len(cell(key + b"\0" * 32 + root))
    key += struct.pack("<IIIIIIIHH", security_at, none, 0, 0, 0, 0, 0, len(root), 0) + root
    descriptor = struct.pack("<BBHIIII", 1, 0, 0x8000, 0, 0, 0, 0)
    security = b"sk" + struct.pack("<HIIII", 0, security_at, security_at, 1, len(descriptor)) + descriptor
    block = b"hbin" + struct.pack("<IIIIQI", 0, 4096, 0, 0, 0, 0) + cell(key) + cell(security)
    free = 4096 - len(block)
    block += struct.pack("<i", free).ljust(free, b"\0")
    header = b"regf" + struct.pack("<IIQIIIIIII", 1, 1, 0, 1, 5, 0, 1, key_at, 4096, 1)
    header = (header + name.encode("utf-16-le")[:64].ljust(64, b"\0")).ljust(508, b"\0")
    checksum = 0
    for (word,) in struct.iter_unpack("<I", header):
        checksum ^= word
    return (header + struct.pack("<I", checksum)).ljust(4096, b"\0") + block


def program_header():
    """MZ and PE headers: machine x86-64, no sections, an optional header of PE32+ for the console."""
    dos = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 0, 0, 0, 0, 240, 0x22)
    optional = struct.pack("<H", 0x20B).ljust(68, b"\0") + struct.pack("<H", 3)
    return (dos + coff + optional.ljust(240, b"\0")).ljust(1024, b"\0")


def main():
    config = os.path.join(sys.argv[1], "Windows/System32/config")
    os.makedirs(config)
    for hive in ("SYSTEM", "SOFTWARE", "SAM", "SECURITY", "DEFAULT"):
        with open(os.path.join(config, hive), "wb") as file:
            file.write(empty_hive(hive))
    with open(os.path.join(sys.argv[1], "Windows/System32/cmd.exe"), "wb") as file:
        file.write(program_header())
    os.makedirs(os.path.join(sys.argv[1], "Program Files"))


main()
