"""Real escapes, tried when Majordomo starts: where one succeeds, or the box cannot run, no code is run for anybody."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from agents.tools.sandbox.box import SURROUNDINGS, Box
from orchestrator.contracts import ToolError

SECONDS = 10.0
ESCAPES: Mapping[str, str] = {
    "network": "import socket; socket.create_connection(('127.0.0.1', PORT), 1); escaped()",
    "network by number": "import ctypes; ctypes.CDLL(None).syscall(41 if X86 else 198, 2, 1, 0) >= 0 and escaped()",
    "abstract socket": "import socket; s = socket.socket(socket.AF_UNIX); s.settimeout(1); s.connect('\\0' + ABSTRACT); escaped()",
    "file of the host": "open(CANARY).read() and escaped()",
    "write on the host": "open(CANARY, 'r+').write('x') and escaped()",
    "users": "open('/etc/passwd').read() and escaped()",
    "surroundings": "import posix; set(posix.environ) - {name.encode() for name in KNOWN} and escaped()",
    "surroundings of the first process": "b'=' in open('/proc/1/environ', 'rb').read() and escaped()",
    "surroundings of the parent": "import os; b'=' in open(f'/proc/{os.getppid()}/environ', 'rb').read() and escaped()",
    "kill": "import os; PID > 50 and (os.kill(PID, 0), escaped())",
    "trace": "import ctypes; ctypes.CDLL(None).ptrace(16, PID, 0, 0) == 0 and escaped()",
    "another process": "import os; os.fork() or os._exit(0); escaped()",
    "another program": "import subprocess; subprocess.run(['/python/bin/python3', '-c', ''], check=True); escaped()",
    "mount": "import ctypes; ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0 and escaped()",
    "namespace": "import ctypes; ctypes.CDLL(None).unshare(0x10000000) == 0 and escaped()",
    "keyring": "import ctypes; ctypes.CDLL(None).syscall(250 if X86 else 219, 0, -3, 1) >= 0 and escaped()",
    "root": "import os; os.setuid(0); escaped()",
    "write in the root": "open('/x', 'w').write('x'); escaped()",
    "write over python": "open('/python/lib/x', 'w').write('x'); escaped()",
    "disk": "import os; os.listdir('/sys') and escaped()",
    "more memory": "len(bytearray(LIMIT)) and escaped()",
    "inherited files": "import os\nfor number in range(3, 64):\n    try: os.fstat(number)\n    except OSError: continue\n    escaped()",
    "other processes": "import os; [n for n in os.listdir('/proc') if n.isdigit() and int(n) > 50] and escaped()",
}
"""Programs that call `escaped()` where they got out or got at something."""
PREAMBLE = """
import platform
X86 = platform.machine() == "x86_64"
print("began")
for _name, _source in ESCAPES.items():
    def escaped(_name=_name): print("ESCAPED", _name)
    try: exec(_source, dict(globals(), escaped=escaped))
    except BaseException: pass
print("ended")
"""


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether code can be run safely here; `reason` says why not."""

    usable: bool
    reason: str = ""
    tried: int = 0


async def probe(box: Box, escapes: Mapping[str, str] = ESCAPES) -> Availability:
    """Try to get out of the box. Takes less than a second where all is well."""
    with targets() as known:
        facts = {**known, "KNOWN": [*SURROUNDINGS, "PWD", "LC_CTYPE"], "LIMIT": box.limits.memory_bytes, "ESCAPES": dict(escapes)}
        program = f"import json\nglobals().update(json.loads({json.dumps(json.dumps(facts))}))\n{PREAMBLE}"
        try:
            ran = await box.run(program, seconds=SECONDS)
        except ToolError as error:
            return Availability(False, str(error))
    lines = ran.out.splitlines()
    if out := [line.removeprefix("ESCAPED ") for line in lines if line.startswith("ESCAPED ")]:
        return Availability(False, f"the sandbox leaks here: {', '.join(dict.fromkeys(out))}", len(escapes))
    if lines[:1] != ["began"] or lines[-1:] != ["ended"]:
        return Availability(False, "the sandbox could not be tried out: the trial program did not run to its end")
    return Availability(True, tried=len(escapes))


@contextmanager
def targets() -> Iterator[dict[str, str | int]]:
    """Harmless things of the host that an escape could reach: a file, a listening port, an abstract socket, a process."""
    abstract = f"majordomo-probe-{os.getpid()}-{os.urandom(6).hex()}"
    with tempfile.NamedTemporaryFile() as canary, socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        canary.write(b"canary")
        canary.flush()
        local.bind("\0" + abstract)
        local.listen()
        yield {"CANARY": canary.name, "PORT": server.getsockname()[1], "ABSTRACT": abstract, "PID": os.getpid()}
