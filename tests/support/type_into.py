#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Somebody at a terminal: runs a command on a pseudo-terminal and types.

type_into.py WAIT TYPE [WAIT TYPE]... -- COMMAND...
waits for each text on the screen, then types the line after it. What was on the screen goes to standard output; ends with
the command's exit code, or with 124 when a text did not come within two minutes.
"""
import os
import pty
import select
import sys
import time

cut = sys.argv.index("--")
talk, command = sys.argv[1:cut], sys.argv[cut + 1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)

screen, seen = b"", 0
deadline = time.monotonic() + 120
while True:
    if talk and talk[0].encode() in screen[seen:]:
        seen = len(screen)
        os.write(terminal, talk[1].encode() + b"\n")
        del talk[:2]
        deadline = time.monotonic() + 120
    if time.monotonic() > deadline:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        sys.stdout.buffer.write(screen)
        sys.exit(124)
    if select.select([terminal], [], [], 1)[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # EIO: the other side is closed
            break
        if not piece:
            break
        screen += piece
sys.stdout.buffer.write(screen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
