"""Values of the configuration that are of one of several kinds, which one of their keys names."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from edgemem import pieces
from edgemem.config.base import KeyProblem, nearest


class ByName:
    """Marks a type whose values are mappings, each validated by the model of the piece that one of its keys names.

    **Arguments:** `kind`: the kind of the piece, which is the key as well; `model`: returns the model of a piece.
    """

    def __init__(self, kind: pieces.Kind, model: Callable[[str], type[BaseModel]]):
        self._kind, self._model = kind, model

    def _validated(self, value: Any) -> Any:
        if isinstance(value, BaseModel):
            return value
        if not isinstance(value, dict):
            # Pydantic collects no TypeError.
            raise ValueError(f"must be a mapping of keys to values (got {value!r})")  # noqa: TRY004
        name = value.get(self._kind)
        if name not in (known := pieces.names(self._kind)):
            found = f"no {self._kind} is given" if name is None else f"there is no {self._kind} '{name}'"
            raise KeyProblem(f"{found}{nearest(name, known)}; {pieces.OWN_FILE}", self._kind)
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
        """Return the alternatives that come with the package, whatever extensions there are."""
        names = [name for name in pieces.names(self._kind) if pieces.extension(self._kind, name) is None]
        return {"oneOf": [handler(self._model(name).__pydantic_core_schema__) for name in names]}


def _named_figure(entry: object) -> object:
    """Let a figure's name stand for the figure with all its defaults."""
    return {"figure": entry} if isinstance(entry, str) else entry


if TYPE_CHECKING:
    FigureOptions: TypeAlias = Any
    FigureEntry: TypeAlias = Any
else:
    FigureOptions = Annotated[Any, ByName("figure", pieces.figure_options)]
    FigureEntry = Annotated[FigureOptions, BeforeValidator(_named_figure)]
