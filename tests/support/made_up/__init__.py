"""A maker that does not exist, as an engineer would add it: one module in each of raw, transformed and sandbox.

Importing this package makes `discover()` and the sandbox find the maker, in this process only: its folders are
appended to the packages' `__path__`. `python -m pytest -p tests.support.made_up` imports it before tests are collected.
"""

from pathlib import Path

import raw
import resources.sandbox
import transformed

NAME = "nordlys"
_HERE = Path(__file__).parent

for _package, _folder in ((raw, "raw"), (transformed, "transformed"), (resources.sandbox, "sandbox")):
    if str(_HERE / _folder) not in _package.__path__:
        _package.__path__.append(str(_HERE / _folder))
