"""Environments of their own for clients whose requirements are not ours."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["environment_python", "package_folder"]


def environment_python(
    folder: Path, packages: Sequence[str], *, version: str = "3.11"
) -> Path | None:
    """Python of an environment with those packages, made where it is not there.

    Args:
        folder: of the environment.
        packages: with their versions, as pip takes them.
        version: of Python, found on the path.

    Returns:
        None where that Python is missing or pip cannot install the packages, which says why.
    """
    python = folder / "bin" / "python"
    done = folder / "installed.txt"
    if done.exists() and done.read_text().split() == list(packages):
        return python
    base = shutil.which(f"python{version}")
    if base is None:
        return None
    subprocess.run([base, "-m", "venv", str(folder)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    installed = subprocess.run([*pip, *packages], capture_output=True, text=True, check=False)
    if installed.returncode:
        print(installed.stderr.strip().rpartition("\n")[2])
        return None
    done.write_text("\n".join(packages))
    return python


def package_folder(folder: Path, package: str) -> Path | None:
    """Folder of one package alone, to stand ahead on PYTHONPATH; None where pip fails."""
    if not folder.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        installed = subprocess.run(
            [*pip, "--no-deps", "--target", str(folder), package],
            capture_output=True,
            text=True,
            check=False,
        )
        if installed.returncode:
            print(installed.stderr.strip().rpartition("\n")[2])
            return None
    return folder
