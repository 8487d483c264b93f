from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from serving.outliving import find_other_workers

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

UNHANDLED = """
import signal, sys, time
from serving.outliving import outlive

signal.signal(signal.SIGTERM, getattr(signal, sys.argv[1]))
outlive(lambda: False, 60)
print("set up", flush=True)
time.sleep(float(sys.argv[2]))
"""

FAILING = """
import signal, sys, time
from serving.outliving import outlive

def fail():
    raise RuntimeError("nobody knows")
outlive(fail, 60)
print("set up", flush=True)
time.sleep(60)
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
    return run(WORKER, str(asked), str(limit_seconds))


def run(code: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *arguments]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
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


def test_without_a_handler_of_before_it_ends_as_if_it_had_none() -> None:
    with run(UNHANDLED, "SIG_DFL", "60") as worker:
        worker.send_signal(signal.SIGTERM)

        assert worker.wait(20) == -signal.SIGTERM


def test_what_ignored_the_signal_before_ignores_it_still() -> None:
    with run(UNHANDLED, "SIG_IGN", "0.5") as worker:
        worker.send_signal(signal.SIGTERM)

        assert worker.wait(20) == 0


def test_ends_although_it_cannot_find_out_who_asks() -> None:
    with run(FAILING) as worker:
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=20)

    assert worker.returncode == -signal.SIGTERM


def test_nobody_asks_when_the_main_process_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    monkeypatch.setattr("os.getppid", lambda: ended.pid)

    assert find_other_workers("runner") == []


def test_finds_the_living_workers_of_other_services() -> None:
    done = subprocess.run([sys.executable, "-c", MAIN], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["['api']", "0"]
