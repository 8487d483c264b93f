from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

WORKER = """
import signal, sys, time
from pathlib import Path
from serving.outliving import outlive

asked, limit_seconds = Path(sys.argv[1]), float(sys.argv[2])
ended = []
signal.signal(signal.SIGTERM, lambda number, frame: ended.append(number))
outlive(asked.exists, limit_seconds)
print("set up", flush=True)
while not ended:
    time.sleep(0.01)
print("ended by", ended, flush=True)
"""

MAIN = """
import subprocess, sys
idle = "import sys; sys.stdin.read()"
look = '''
import sys
from serving.outliving import find_other_workers
print([worker.cmdline()[-1] for worker in find_other_workers("runner")], flush=True)
sys.stdin.readline()
print(len(find_other_workers("runner")), flush=True)
'''
def start(code, *arguments, **pipes):
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, text=True, **pipes)
others = [start(idle, "--service-name", name) for name in ("api", "runner")]
others.append(start(idle, "plain"))
looking = start(look, "--service-name", "runner", stdout=subprocess.PIPE)
print(looking.stdout.readline().strip())
others[0].stdin.close()
others[0].wait()
print(looking.communicate("\\n")[0].strip())
for other in others[1:]:
    other.communicate()
"""


def start(asked: Path, limit_seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, str(asked), str(limit_seconds)]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    assert worker.stdout.readline() == "set up\n"
    return worker


def test_lives_as_long_as_it_may_be_asked_and_then_ends_as_it_was_told(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    asked.touch()
    with start(asked, limit_seconds=60) as worker:
        worker.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            worker.wait(0.5)
        asked.unlink()

        output, _ = worker.communicate(timeout=20)

    assert output == f"ended by [{signal.SIGTERM.value}]\n"


@pytest.mark.parametrize("limit_seconds", [0, 0.3])
def test_ends_after_the_limit_all_the_same(tmp_path: Path, limit_seconds: float) -> None:
    asked = tmp_path / "asked"
    asked.touch()
    with start(asked, limit_seconds) as worker:
        began = time.monotonic()
        worker.send_signal(signal.SIGTERM)

        worker.communicate(timeout=20)

    assert time.monotonic() - began >= limit_seconds


def test_finds_the_living_workers_of_other_services() -> None:
    done = subprocess.run([sys.executable, "-c", MAIN], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["['api']", "0"]
