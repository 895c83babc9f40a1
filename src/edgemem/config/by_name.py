"""Values of the configuration that are of one of several kinds, which one of their keys names."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from edgemem import pieces
from edgemem.config.base import KeyProblem, nearest


class ByName:
    """Marks a type whose values are mappings, each validated by the model that its key `key` names.

    **Arguments:** `what`: what the key names, for messages; `names`: all that can be named; `model`: returns the model
    of a name.
    """

    def __init__(self, key: str, what: str, names: Callable[[], Iterable[str]], model: Callable[[str], type[BaseModel]]):
        self._key, self._what, self._names, self._model = key, what, names, model

    def _validated(self, value: Any) -> Any:
        if isinstance(value, BaseModel):
            return value
        if not isinstance(value, dict):
            raise ValueError(f"must be a mapping of keys to values (got {value!r})")
        name = value.get(self._key)
        if name not in (known := list(self._names())):
            found = f"no {self._what} is given" if name is None else f"there is no {self._what} '{name}'"
            raise KeyProblem(found + nearest(name, known), self._key)
        return self._model(name).model_validate(value)

    @staticmethod
    def _dumped(value: BaseModel, info: core_schema.SerializationInfo) -> Any:
        return value.model_dump(mode=info.mode, exclude_defaults=info.exclude_defaults)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        """Let pydantic validate and write values by the model that they name."""
        return core_schema.no_info_plain_validator_function(
            self._validated,
            serialization=core_schema.plain_serializer_function_ser_schema(self._dumped, info_arg=True),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the alternatives that come with the package."""
        return {"oneOf": [handler(self._model(name).__pydantic_core_schema__) for name in self._names()]}


if TYPE_CHECKING:
    FigureOptions: TypeAlias = Any
else:
    FigureOptions = Annotated[Any, ByName("figure", "figure", lambda: pieces.names("figure"), pieces.figure_options)]
