"""Values for every field that an event can have, from its type alone: one fixed value, and a Hypothesis strategy."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin
from uuid import UUID

from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from ticketing.domain.values import Event, Language, PrivateText, SerialNumber

E = TypeVar("E", bound=Event)

INSTANT = datetime(2026, 3, 2, 9, 15, 30, 123456, tzinfo=UTC)
_SHA256 = r"^[0-9a-f]{64}$"
_CURRENCY = r"^[A-Z]{3}$"
_LANGUAGE = str(get_args(Language)[2].pattern)
_ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
_LOCAL_TIME = r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$"

_TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
_KEYS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Z")), min_size=1, max_size=12),
    st.sampled_from(["Straße 7 – «Hof»", '"quoted\\', "日本", "\u2028x", "'; --"]),
)
_DIGESTS = st.binary(min_size=32, max_size=32).map(bytes.hex)
_ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone(-timedelta(hours=11))])
_INSTANTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=_ZONES)  # noqa: DTZ001 - zones are drawn


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def filled(event: type[E]) -> E:
    """The event with a fixed value in every field, at every depth; of several types a field may have, the first."""
    return _filled_model(event, event.__name__)


def events(event: type[E]) -> st.SearchStrategy[E]:
    """Events of that class, as the log may have them: private texts and serials are sealed."""
    return _models(event)


M = TypeVar("M", bound=BaseModel)


def _filled_model(model: type[M], path: str) -> M:
    if model is PrivateText or model is SerialNumber:
        return model(**{name: sha256(f"{path}.{name}") for name in _sealed(model)})
    return model(**{name: _filled(_hint(field), f"{path}.{name}") for name, field in model.model_fields.items()})


def _filled(hint: object, path: str) -> object:
    hint, limits = _split(hint)
    name = path.rpartition(".")[2]
    patterns = {
        _SHA256: sha256(path),
        _CURRENCY: "EUR",
        _LANGUAGE: "zh-Hans",
        _LOCAL_TIME: "08:30",
        _ONE_LINE: f"{name} 1 – ä",
    }
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Literal:
        return parts[-1]
    if origin in {Union, UnionType}:
        return _filled(parts[0], path)
    if origin is tuple:
        return tuple(_filled(parts[0], f"{path}{number}") for number in (1, 2))
    if origin is dict:
        return {f"{name}{number}": _filled(part, path) for number, part in enumerate(_branches(parts[1]), 1)}
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return _filled_model(hint, path)
    plain: Mapping[object, object] = {
        str: patterns.get(str(limits.get("pattern")), f"{name} of a thing"),
        bool: True,
        int: limits.get("ge", 0) + 2,
        Decimal: Decimal("12.50"),
        AwareDatetime: INSTANT,
        date: INSTANT.date(),
        UUID: UUID(sha256(path)[:32]),
        NoneType: None,
    }
    return plain[hint]


def _models(model: type[M]) -> st.SearchStrategy[M]:
    if model is PrivateText or model is SerialNumber:
        return st.builds(model, **dict.fromkeys(_sealed(model), _DIGESTS))
    fields = {field.alias or name: _values(_hint(field)) for name, field in model.model_fields.items()}
    return st.fixed_dictionaries(fields).map(model.model_validate)


def _values(hint: object) -> st.SearchStrategy[Any]:
    hint, limits = _split(hint)
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Literal:
        return st.sampled_from(parts)
    if origin in {Union, UnionType}:
        return st.one_of(*map(_values, parts))
    if origin is tuple:
        return st.lists(_values(parts[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(_values(parts[0]), _values(parts[1]), max_size=3)
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return _models(hint)
    strings: Mapping[str | None, st.SearchStrategy[str]] = {
        _SHA256: _DIGESTS,
        _CURRENCY: st.sampled_from(["EUR", "CNY", "JPY"]),
        _LANGUAGE: st.sampled_from(["fr", "zh-Hans", "pt-BR", "es-419"]),
        _LOCAL_TIME: st.sampled_from(["00:00", "08:30", "24:00"]),
        _ONE_LINE: _KEYS,
        None: _TEXTS,
    }
    low, high = limits.get("ge", -(2**40)), limits.get("le", 2**40)
    plain: Mapping[object, st.SearchStrategy[Any]] = {
        NoneType: st.none(),
        str: strings[limits.get("pattern")],
        bool: st.booleans(),
        int: st.integers(low, high),
        Decimal: st.decimals(low, high, allow_nan=False, places=3) | st.sampled_from([Decimal("1E+1"), Decimal("0.0")]),
        AwareDatetime: _INSTANTS,
        date: st.dates(),
        UUID: st.uuids(),
    }
    return plain[hint]


def _sealed(model: type[BaseModel]) -> list[str]:
    return [name for name in model.model_fields if name != "text"]


def _hint(field: FieldInfo) -> object:
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def _split(hint: object) -> tuple[object, dict[str, Any]]:
    """The type without its annotations, and the limits that they name."""
    limits: dict[str, Any] = {}
    while get_origin(hint) is Annotated:
        hint, *metadata = get_args(hint)
        for one in _flat(metadata):
            for name in ("pattern", "ge", "le"):
                if getattr(one, name, None) is not None:
                    limits.setdefault(name, getattr(one, name))
    return hint, limits


def _flat(metadata: list[Any]) -> Iterator[Any]:
    for one in metadata:
        yield from _flat(one.metadata) if isinstance(one, FieldInfo) else (one,)


def _branches(hint: object) -> tuple[object, ...]:
    hint, _ = _split(hint)
    return get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
