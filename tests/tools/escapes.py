"""Ways out of a sandbox, as data: programs that call `escaped()` where they got at something of the host.

Names in capitals are harmless targets that the test sets up: PORT (a listener on loopback), PORT6, DATAGRAM, CANARY (a
file), FOLDER (a writable folder with a link in it), ABSTRACT (an abstract socket), LOCAL (a socket file), PID (a process
of the same user), SECRET (the value of an environment variable), INHERITED (an open file's number), SHARED (a System V
segment), LIMIT (bytes of memory), X86.
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.tools.sandbox.probe import ESCAPES

LIBC = "import ctypes, os, sys; libc = ctypes.CDLL(None, use_errno=True)\n"
SYSTEM_CALLS = {
    "socket": (41, 198, "2, 1, 0"), "socket v6": (41, 198, "10, 1, 0"), "datagram": (41, 198, "2, 2, 0"), "netlink": (41, 198, "16, 3, 0"), "packet": (41, 198, "17, 3, 768"),
    "unix socket": (41, 198, "1, 1, 0"), "vsock": (41, 198, "40, 1, 0"), "alg": (41, 198, "38, 5, 0"), "bluetooth": (41, 198, "31, 3, 0"), "x25": (41, 198, "9, 5, 0"),
    "key socket": (41, 198, "15, 3, 2"), "can": (41, 198, "29, 3, 1"), "tipc": (41, 198, "30, 1, 0"), "raw": (41, 198, "2, 3, 1"), "xdp": (41, 198, "44, 3, 0"),
    "user namespace": (272, 97, "0x10000000"), "mount namespace": (272, 97, "0x20000"), "net namespace": (272, 97, "0x40000000"), "pid namespace": (272, 97, "0x20000000"),
    "user keyring": (250, 219, "0, -4, 1"), "session keyring": (250, 219, "0, -3, 1"), "add key": (248, 217, "b'user', b'x', b'y', 1, -3"), "perf": (298, 241, "0, 0, -1, -1, 0"),
    "bpf": (321, 280, "0, 0, 0"), "userfaultfd": (323, 282, "1"), "io_uring": (425, 425, "8, ctypes.create_string_buffer(200)"), "open_tree": (428, 428, "-100, b'/', 1"),
    "fsopen": (430, 430, "b'tmpfs', 0"), "pidfd": (434, 434, "PID, 0"), "memfd": (319, 279, "b'x', 0"), "shared memory": (29, 194, "0, 4096, 0o1600"), "message queue": (68, 186, "0, 0o1600"),
    "semaphore": (64, 190, "0, 1, 0o1600"), "trace": (101, 117, "0x4206, PID, 0, 0"), "setns": (308, 268, "os.open('/proc/self/ns/net', 0), 0"), "kernel log": (103, 116, "10, 0, 0"),
    "personality": (135, 92, "0x0040000"), "kcmp": (312, 272, "PID, PID, 0, 0, 1"), "fanotify": (300, 262, "0, 0"), "file handle": (303, 264, "-100, CANARY.encode(), ctypes.create_string_buffer(200), ctypes.create_string_buffer(8), 0"),
    "clone3": (435, 435, "0, 0"), "modify clock": (305, 266, "0, 0"), "hostname": (170, 161, "b'x', 1"), "chroot": (161, 51, "b'/tmp'"), "pivot_root": (155, 41, "b'/tmp', b'/tmp'"),
}  # fmt: skip
"""System calls by their numbers on x86-64 and aarch64, past every library."""
FILES = {
    "passwords": "/etc/passwd", "shadow": "/etc/shadow", "host name": "/etc/hostname", "resolver": "/etc/resolv.conf", "machine id": "/etc/machine-id", "shell": "/bin/sh",
    "program": "/usr/bin/env", "own environment": "/proc/self/environ", "first environment": "/proc/1/environ", "parent environment": "/proc/{os.getppid()}/environ",
    "other process": "/proc/{PID}/status", "its command": "/proc/{PID}/cmdline", "its root": "/proc/{PID}/root", "its folder": "/proc/{PID}/cwd/.", "first root": "/proc/1/root",
    "mounts": "/proc/self/mountinfo", "memory": "/proc/self/mem", "kernel": "/proc/kallsyms", "kernel line": "/proc/cmdline", "devices": "/sys/class/net/lo/address", "cgroup": "/proc/self/cgroup",
    "uevent": "/sys/kernel/uevent_helper", "core pattern": "/proc/sys/kernel/core_pattern", "tty": "/dev/tty", "pseudo terminals": "/dev/ptmx", "messages": "/dev/kmsg",
    "disk": "/dev/vda", "fuse": "/dev/fuse", "tunnel": "/dev/net/tun", "kvm": "/dev/kvm", "physical memory": "/dev/mem", "loop": "/dev/loop-control", "shared memory": "/dev/shm/.",
    "canary by dots": "/box/../../..{CANARY}", "canary in the old root": "/oldroot{CANARY}", "canary in the new root": "/newroot{CANARY}", "canary by fd": "/dev/fd/3", "network table": "/proc/net/tcp",
}  # fmt: skip
OTHERS: Mapping[str, str] = {
    "listener": "import socket; socket.create_connection(('127.0.0.1', PORT), 1); escaped()",
    "listener on v6": "import socket; socket.create_connection(('::1', PORT6), 1); escaped()",
    "listener by name": "import socket; socket.create_connection(('localhost', PORT), 1); escaped()",
    "listener by asyncio": "import asyncio; asyncio.run(asyncio.open_connection('127.0.0.1', PORT)); escaped()",
    "listener by urllib": "import urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{PORT}/', timeout=1).status and escaped()",
    "datagram": "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', DATAGRAM)) and escaped()",
    "own listener": "import socket; socket.create_server(('0.0.0.0', 0)); escaped()",
    "socket file": "import socket; s = socket.socket(socket.AF_UNIX); s.connect(LOCAL); escaped()",
    "abstract socket": "import socket; s = socket.socket(socket.AF_UNIX); s.settimeout(1); s.connect('\\0' + ABSTRACT); escaped()",
    "read the canary": "open(CANARY).read() and escaped()",
    "spoil the canary": "open(CANARY, 'r+').write('x') and escaped()",
    "list its folder": "import os; os.listdir(FOLDER); escaped()",
    "file in its folder": "open(FOLDER + '/new', 'w'); escaped()",
    "link in its folder": "import os; open(os.path.join(FOLDER, 'link')).read() and escaped()",
    "hard link": "import os; os.link(CANARY, '/tmp/mine'); escaped()",
    "secret of the surroundings": "import os; SECRET in os.environ.values() and escaped()",
    "secret of the surroundings by ctypes": LIBC
    + "libc.getenv.restype = ctypes.c_char_p; (libc.getenv(b'CANARY_SECRET') or b'').decode() == SECRET and escaped()",
    "inherited file": "import os; os.fstat(INHERITED); escaped()",
    "any inherited file": "import os\nfor number in range(3, 256):\n    try: os.fstat(number)\n    except OSError: continue\n    escaped()",
    "signal": "import os; os.kill(PID, 0); escaped()",
    "signal everybody": "import os; PID > 50 and (os.killpg(PID, 0), escaped())",
    "priority": "import os; os.getpriority(os.PRIO_PROCESS, PID); escaped()",
    "its scheduling": "import os; os.sched_getaffinity(PID); escaped()",
    "its memory": LIBC + "class V(ctypes.Structure): _fields_ = [('b', ctypes.c_void_p), ('n', ctypes.c_size_t)]\n"
    "b = ctypes.create_string_buffer(8); v = V(ctypes.addressof(b), 8); ctypes.get_errno(); libc.process_vm_readv(PID, ctypes.byref(v), 1, ctypes.byref(v), 1, 0); ctypes.get_errno() == 14 and escaped()",
    "its limits": "import resource; resource.prlimit(PID, resource.RLIMIT_NOFILE); escaped()",
    "shared segment": LIBC + "libc.shmat.restype = ctypes.c_void_p; libc.shmat(SHARED, None, 0o10000) not in (None, 2**64 - 1) and escaped()",
    "fork": "import os\nif os.fork() == 0: os._exit(0)\nescaped()",
    "spawn": "import os; os.posix_spawn('/usr/bin/env', ['env'], {}); escaped()",
    "shell": "import os; os.system('true') == 0 and escaped()",
    "program": "import subprocess; subprocess.run(['/usr/bin/env', 'true'], check=True); escaped()",
    "python again": "import subprocess, sys; subprocess.run([sys.executable, '-c', ''], check=True); escaped()",
    "exec": "import os, sys; os.execv(sys.executable, [sys.executable, '-c', 'print(\"ESCAPED\")'])",
    "thread": "import threading; threading.Thread(target=escaped).start()",
    "processes": "import multiprocessing; multiprocessing.get_context('fork').Process(target=escaped).start()",
    "set-user-id program": "import os; [n for n in ('/usr/bin/su', '/bin/mount', '/usr/bin/passwd') if os.path.exists(n)] and escaped()",
    "more memory": "len(bytearray(LIMIT)) and escaped()",
    "memory in pieces": "x = [bytearray(50_000_000) for _ in range(LIMIT // 50_000_000 + 1)]; escaped()",
    "mapped memory": "import mmap; mmap.mmap(-1, LIMIT); escaped()",
    "big file": "open('/tmp/big', 'wb').write(bytes(30_000_000)); escaped()",
    "full disk": "import os\nfor n in range(20): open(f'/tmp/{n}', 'wb').write(bytes(10_000_000))\nescaped()",
    "many files": "x = [open('/dev/null') for _ in range(200)]; escaped()",
    "higher limits": "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (512, 512)); escaped()",
    "write beside python": "import os; open(os.path.dirname(os.__file__) + '/canary_of_the_test.py', 'w'); os.unlink(os.path.dirname(os.__file__) + '/canary_of_the_test.py'); escaped()",
    "user": "import os; os.setuid(1); escaped()",
    "groups": "import os; os.setgroups([]); escaped()",
    "device": "import os, stat; os.mknod('/tmp/null-of-the-test', stat.S_IFCHR | 0o600, os.makedev(1, 3)); os.unlink('/tmp/null-of-the-test'); escaped()",
    "clock": "import time; time.clock_settime(time.CLOCK_REALTIME, time.time()); escaped()",
    "terminal": "import fcntl; fcntl.ioctl(open('/dev/tty'), 0x5412, b'x'); escaped()",
    "names of processes": "import os; [n for n in os.listdir('/proc') if n.isdigit()] and escaped()",
    "mount a tmpfs": LIBC + "libc.mount(b'none', b'/tmp', b'tmpfs', 32, None) == 0 and escaped()",
    "unmount": LIBC + "libc.umount2(b'/dev', 2) == 0 and escaped()",
    "bind the root": LIBC + "libc.mount(b'/', b'/tmp', None, 4096, None) == 0 and escaped()",
    "write again": LIBC + "libc.mount(None, b'/', None, 32, None) == 0 and escaped()",
    "packages of the house": "import sqlalchemy; escaped()",
    "the house itself": "import sys; sys.path.append(HOUSE); import orchestrator; escaped()",
}


def everything() -> dict[str, str]:
    """Every attempt by its name."""
    calls = {f"call: {name}": LIBC + f"libc.syscall({x86} if X86 else {arm}, {given}) >= 0 and escaped()" for name, (x86, arm, given) in SYSTEM_CALLS.items()}
    files = {
        f"file: {name}": f"import os; (os.listdir(f{path!r}) if os.path.isdir(f{path!r}) else open(f{path!r}, 'rb')) and escaped()"
        for name, path in FILES.items()
    }
    return {**calls, **files, **OTHERS, **{f"probe: {name}": source for name, source in ESCAPES.items()}}
