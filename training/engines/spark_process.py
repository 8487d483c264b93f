"""Spark's own process: a Java virtual machine that lives as long as the context that started it.

All calls to Spark are made by a thread of their own. The main thread only waits, so that Ctrl-C
reaches it whatever Spark is doing; then it ends the Java process, at which the other thread's call
fails. PySpark would otherwise take over the signal, and wait for running jobs.
"""

from __future__ import annotations

import logging
import os
import subprocess
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from py4j.java_gateway import JavaGateway
from py4j.protocol import Py4JError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from credit.errors import EngineFailed
from credit.interrupt import postpone_ending
from credit.temporary_folder import open_temporary_folder
from training.engines.java import find_java_home
from training.engines.spark_settings import keep_files_in

END_SECONDS = 20
T = TypeVar("T")


class Spark:
    """A running Spark."""

    def __init__(self, session: SparkSession, caller: ThreadPoolExecutor) -> None:
        self._session = session
        self._caller = caller

    def run(self, work: Callable[[SparkSession], T]) -> T:
        """Return what the work returns; it runs in Spark's own thread."""
        return self._caller.submit(work, self._session).result()


@contextmanager
def start_spark(settings: Mapping[str, str]) -> Iterator[Spark]:
    """Yield a running Spark; its process and all that it wrote are gone after the context.

    Only one runs at a time.

    Raises:
        EngineFailed: If it does not start.
    """
    # PySpark's own tests, which it loads, find pandas too new; nothing here goes through pandas.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    with open_temporary_folder("credit-spark-", ignore_cleanup_errors=True) as folder:
        log = folder / "spark.log"
        configuration = SparkConf(loadDefaults=False)
        configuration.setAll([*settings.items(), *keep_files_in(folder).items()])
        with ExitStack() as stack:
            with postpone_ending():
                gateway = _launch(configuration, folder, log)
                stack.enter_context(_ending(gateway))
            caller = stack.enter_context(ThreadPoolExecutor(1, "spark"))
            try:
                session = caller.submit(_open_session, configuration, gateway, log).result()
                yield Spark(session, caller)
                caller.submit(session.stop).result()
            except BaseException:
                _break_off(gateway, caller)
                raise


def _break_off(gateway: JavaGateway, caller: ThreadPoolExecutor) -> None:
    """Kill the Java process, or Spark's thread would go on with what it was about."""
    previous = logging.root.manager.disable
    logging.disable(logging.ERROR)  # py4j logs that nobody answers it any more
    try:
        gateway.proc.kill()
        caller.shutdown()
    finally:
        logging.disable(previous)


def _open_session(configuration: SparkConf, gateway: JavaGateway, log: Path) -> SparkSession:
    try:
        return SparkSession(SparkContext(conf=configuration, gateway=gateway))
    except (Py4JError, PySparkException) as error:
        raise EngineFailed(
            f"Spark does not start at {configuration.get('spark.master')} ({_find_cause(log)}). "
            "Is CREDIT_SPARK_MASTER right, and is that Spark running?"
        ) from error


def _launch(configuration: SparkConf, folder: Path, log: Path) -> JavaGateway:
    """Return the connection to a Java process that was just started."""
    with _java_environment(find_java_home(folder)), log.open("wb") as sink:
        try:
            return launch_gateway(configuration, {"stdout": sink, "stderr": sink})  # type: ignore[no-untyped-call]
        except (PySparkException, OSError) as error:
            raise EngineFailed(
                f"Java does not start Spark ({_find_cause(log)}). Spark 4 needs Java 17 or 21: "
                "install the extra `spark`, which brings one, or set JAVA_HOME."
            ) from error


def _find_cause(log: Path) -> str:
    """Return the first error that Java tells of, or else its first word."""
    lines = log.read_text(errors="replace").splitlines()
    errors = (line.partition(" ERROR ")[2] for line in lines if " ERROR " in line)
    return next(errors, lines[0] if lines else "Java says nothing").strip()


@contextmanager
def _java_environment(java_home: Path | None) -> Iterator[None]:
    """Let the processes that are started meanwhile use this Java."""
    if java_home is None:
        yield
        return
    os.environ["JAVA_HOME"] = str(java_home)
    try:
        yield
    finally:
        del os.environ["JAVA_HOME"]


@contextmanager
def _ending(gateway: JavaGateway) -> Iterator[None]:
    """End the Java process after the context, and let PySpark forget it."""
    try:
        yield
    finally:
        process: subprocess.Popen[bytes] = gateway.proc
        with suppress(Py4JError, OSError):
            gateway.shutdown()
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with SparkContext._lock:
            SparkContext._active_spark_context = None
            SparkContext._gateway = SparkContext._jvm = None
        SparkSession._instantiatedSession = None
