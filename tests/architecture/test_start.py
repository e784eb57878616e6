"""What a program loads when it starts: what only some commands need is loaded by these."""

import subprocess
import sys

import pytest

_WITHOUT = "import sys; sys.modules['pyarrow'] = None; import {}"


@pytest.mark.parametrize("module", ["crossroads.api.app", "crossroads.cli.serving", "crossroads.cli.job_running"])
def test_a_hub_starts_without_what_reads_archives(module: str) -> None:
    subprocess.run([sys.executable, "-c", _WITHOUT.format(module)], check=True)
