"""Two filters of system calls, as the kernel reads them: one for the whole sandbox, a stricter one for the program in it.

Numbers are those of the kernel's own tables (arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h).
"""

from __future__ import annotations

import errno
import platform
import struct
from dataclasses import dataclass

LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
KILL, ALLOW, REFUSE = 0x80000000, 0x7FFF0000, 0x00050000
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
"""Offsets in `struct seccomp_data`; both machines are little-endian, so the low half of an argument comes first."""
X32 = 0x40000000
NEW_NAMESPACES = 0x7E020080
"""CLONE_NEW* in one mask: time, mount, cgroup, uts, ipc, user, pid, net."""


@dataclass(frozen=True, slots=True)
class Machine:
    audit: int
    forbidden: tuple[int, ...]
    """Other processes' memory, keyrings, mounts, namespaces, modules, sockets, memory outside the limits, clocks."""
    clone: int
    clone3: int
    processes: tuple[int, ...]
    """Beginning another process, or another program."""


_BOTH = (425, 426, 427, 428, 429, 430, 431, 432, 433, 434, 438, 440, 442, 443, 447)
MACHINES = {
    "x86_64": Machine(
        0xC000003E,
        (29, 41, 64, 68, 101, 103, 134, 135, 139, 153, 154, 155, 156, 159, 161, 163, 164, 165, 166, 167, 168, 169, 170, 171, 172, 173, 175, 176, 179,
         212, 227, 237, 238, 240, 246, 248, 249, 250, 256, 272, 279, 298, 300, 303, 304, 305, 308, 310, 311, 312, 313, 319, 320, 321, 323, *_BOTH),
        56, 435, (57, 58, 59, 322),
    ),
    "aarch64": Machine(
        0xC00000B7,
        (39, 40, 41, 51, 58, 60, 89, 92, 97, 104, 105, 106, 112, 116, 117, 142, 161, 162, 170, 171, 180, 186, 190, 194, 198, 217, 218, 219, 224, 225, 235,
         237, 238, 239, 241, 262, 264, 265, 266, 268, 270, 271, 272, 273, 279, 280, 282, 294, *_BOTH),
        220, 435, (221, 281),
    ),
}  # fmt: skip


def machine() -> Machine | None:
    """This one, where we know its numbers."""
    return MACHINES.get(platform.machine())


def for_all(of: Machine) -> bytes:
    """What nothing in the sandbox may do."""
    return _program(of, of.forbidden, _clone_without_namespaces(of))


def for_program(of: Machine) -> bytes:
    """The stricter filter: besides, no process, no thread and no other program is begun."""
    return _program(of, (*of.forbidden, *of.processes, of.clone), b"")


def _clone_without_namespaces(of: Machine) -> bytes:
    return b"".join((
        _step(JUMP_EQUAL, of.clone, 0, 4),
        _step(LOAD, FIRST_ARGUMENT),
        _step(JUMP_ANY_BIT, NEW_NAMESPACES, 0, 1),
        _step(RETURN, REFUSE | errno.EPERM),
        _step(LOAD, NUMBER),
    ))  # fmt: skip


def _program(of: Machine, forbidden: tuple[int, ...], more: bytes) -> bytes:
    steps = [
        _step(LOAD, ARCHITECTURE),
        _step(JUMP_EQUAL, of.audit, 1, 0),
        _step(RETURN, KILL),
        _step(LOAD, NUMBER),
        _step(JUMP_AT_LEAST, X32, 0, 1),
        _step(RETURN, REFUSE | errno.EPERM),
        _step(JUMP_EQUAL, of.clone3, 0, 1),
        _step(RETURN, REFUSE | errno.ENOSYS),  # so that the C library falls back to clone, whose flags can be read here
    ]
    for number in forbidden:
        steps += [_step(JUMP_EQUAL, number, 0, 1), _step(RETURN, REFUSE | errno.EPERM)]
    return b"".join((*steps, more, _step(RETURN, ALLOW)))


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)
