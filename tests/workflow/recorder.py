"""Runs a command of edgemem and writes down which of its modules were loaded and which keys of its spec were read.

python recorder.py RECORD.json train SAMPLES.nc OUT.nc --spec JSON
"""

import atexit
import json
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from edgemem.config import base


read: set[tuple[str, str]] = set()
asked: set[tuple[str, str]] = set()
writing: list[base.Spec] = []
plain_get = base.Model.__getattribute__
plain_dump = base.Model.model_dump
plain_canonical = base.Spec.canonical
plain_parse = base.Spec.parse.__func__


def get(self: base.Model, name: str) -> Any:
    """Return an attribute, and remember it if it is a key."""
    if name in type(self).model_fields:
        read.add((type(self).__name__, name))
    return plain_get(self, name)


def parse(cls: type[base.Spec], text: str) -> base.Spec:
    """Return a spec, and forget what was read to validate it."""
    spec = plain_parse(cls, text)
    asked.update(keys(spec))
    read.clear()
    return spec


def dump(self: base.Model, **options: Any) -> dict[str, Any]:
    """Return the keys with their values, all of which are then read, unless they are only written down."""
    if not writing:
        read.update(keys(self))
    return plain_dump(self, **options)


def canonical(self: base.Spec) -> str:
    """Return the spec as it stands in files: that reads no key."""
    writing.append(self)
    try:
        return plain_canonical(self)
    finally:
        writing.pop()


def keys(model: base.Model) -> Iterator[tuple[str, str]]:
    """Yield the keys of a model and of all models in it that may have more than one value, by class and name."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        values = value if isinstance(value, list) else value.values() if isinstance(value, dict) else [value]
        models = [one for one in values if isinstance(one, base.Model)]
        for one in models:
            yield from keys(one)
        if not models and not (get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1):
            yield type(model).__name__, name


def write(path: Path) -> None:
    """Write the record, with files relative to the folder that holds the package's folder `src`."""
    root = Path(base.__file__).parents[3]
    files = {
        str(Path(module.__file__).relative_to(root))
        for name, module in list(sys.modules.items())
        # The entry point has run under the name __main__.
        if name.partition(".")[0] in ("edgemem", "__main__") and module.__file__ and module.__file__ != __file__
    }
    if not asked:  # a stage without a spec has no configuration; this module has
        files -= {str(Path(module.__file__).relative_to(root)) for module in (sys.modules["edgemem.config"], base)}
    entry = str(Path(base.__file__).parents[1].relative_to(root) / "__main__.py")
    path.write_text(json.dumps({"modules": sorted(files | {entry}), "asked": sorted(asked), "read": sorted(read)}))


base.Model.__getattribute__ = get
base.Model.model_dump = dump
base.Spec.canonical = canonical
base.Spec.parse = classmethod(parse)
atexit.register(write, Path(sys.argv.pop(1)))
runpy.run_module("edgemem", run_name="__main__", alter_sys=True)
