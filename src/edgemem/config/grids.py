"""Entries of `settings`: a setting, or a grid of settings in which keys have lists of values."""

import functools
import itertools
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias, get_origin

from pydantic import BeforeValidator, Field, ValidationError, create_model, model_validator

from edgemem import pieces
from edgemem.config.base import Model, explain
from edgemem.config.by_name import ByName
from edgemem.config.settings import AbstractSetting


class SettingGrid(Model):
    """An entry of `settings`; each key may be a list, and the entry stands for all combinations."""

    @cached_property
    def settings(self) -> list[AbstractSetting]:
        """The settings the entry stands for, in the order of the lists, the last key fastest."""
        values = self.model_dump()
        axes = [value if isinstance(value, list) else [value] for value in values.values()]
        scalar: Any = pieces.setting_class(values["family"])
        return [scalar(**dict(zip(values, point, strict=True))) for point in itertools.product(*axes)]

    @model_validator(mode="after")
    def _every_point_is_a_setting(self) -> Self:
        try:
            self.settings  # noqa: B018  building them validates each combination
        except ValidationError as error:
            raise ValueError(explain(error)[0][1]) from None
        return self


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


@functools.cache
def _grid_of(setting: type[AbstractSetting]) -> type[SettingGrid]:
    """Return the model of a `settings` entry: the setting's keys, each one value or a list of values."""
    keys: dict[str, Any] = {}
    for name, field in setting.model_fields.items():
        if get_origin(field.annotation) is Literal:
            keys[name] = (field.annotation, Field(description=field.description))
            continue
        one: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
        default = ... if field.is_required() else [field.default]
        many = Annotated[
            list[one], Field(min_length=1), BeforeValidator(_as_list, json_schema_input_type=one | list[one])
        ]
        keys[name] = (many, Field(default, description=field.description))
    return create_model(setting.__name__ + "Grid", __base__=SettingGrid, __doc__=setting.__doc__, **keys)


if TYPE_CHECKING:
    SettingEntry: TypeAlias = SettingGrid
else:
    SettingEntry = Annotated[SettingGrid, ByName("family", lambda family: _grid_of(pieces.setting_class(family)))]
