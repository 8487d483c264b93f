"""What a contestant is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.serving.arena import Arena, Questions
from benchmarks.serving.processes import Running


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to start a contestant.

    Attributes:
        name: What it is called; empty if there is but one.
        arguments: What its command gets besides.
        environment: What its processes get besides.
        headers: What its requests get besides.
    """

    name: str = ""
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    headers: tuple[str, ...] = ()


Launch = Callable[[Arena, Variant, Path], AbstractContextManager[Running]]


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server that is measured.

    Attributes:
        name: By which it is chosen.
        title: By which the table calls it.
        launch: Starts it; takes the arena, the variant and the file of its log.
        choose_questions: What it is asked.
        variants: Ways to start it; the one that does best at 64 concurrent is measured.
        prepare: Makes what it needs, once.
    """

    name: str
    title: str
    launch: Launch
    choose_questions: Callable[[Arena], Questions]
    variants: tuple[Variant, ...] = (Variant(),)
    prepare: Callable[[Arena], None] | None = None
