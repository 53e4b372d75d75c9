"""What exported files are compared with: programs of PyPI, which launch/setup.sh puts below build/venv (DDP_VENV names another place).
A test that needs one of them is skipped where it is missing."""
import glob
import importlib
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness

VENV = os.environ.get("DDP_VENV") or os.path.join(os.path.dirname(os.path.abspath(harness.PROGRAM)), "venv")
sys.path[:0] = glob.glob(os.path.join(VENV, "lib", "python3*", "site-packages"))


def needs(*names):
    """The modules, one or a list; raises unittest.SkipTest where one cannot be imported."""
    try:
        found = [importlib.import_module(name) for name in names]
    except ImportError as error:
        raise unittest.SkipTest(f"{error}; launch/setup.sh installs it into {VENV} where PyPI has it")
    return found if len(found) > 1 else found[0]
