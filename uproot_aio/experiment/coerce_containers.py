"""Turn JSON arrays and objects into the containers and classes asked for, and choose in unions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

from uproot_aio.experiment.coerce import least_level
from uproot_aio.experiment.misfit import CLOSE, EXACT, LAX, Converter, Misfit, Trial

Candidates: TypeAlias = list[tuple[int, Sequence[Converter]]]
"""What a union tries, level by level."""


def list_from(element: Converter) -> Converter:
    """Return a converter of arrays to lists."""

    def convert(value: object, trial: Trial) -> object:
        return _elements(value, element, trial, "list")

    return convert


def collection_from(make: Callable[[Iterable[object]], object], element: Converter) -> Converter:
    """Return a converter of arrays to tuples of one type, sets or frozensets."""
    name = getattr(make, "__name__", "array")

    def convert(value: object, trial: Trial) -> object:
        if trial.level == EXACT:
            raise Misfit(name, value)
        elements = _elements(value, element, trial, name)
        try:
            return make(elements)
        except TypeError:
            raise Misfit(name, value, "lists and objects cannot be members of a set", adds=True) from None

    return convert


def tuple_from(elements: Sequence[Converter], expected: str) -> Converter:
    """Return a converter of arrays of exactly this length."""

    def convert(value: object, trial: Trial) -> object:
        if trial.level == EXACT or type(value) is not list or len(value) != len(elements):
            raise Misfit(expected, value)
        trial.budget.spend(len(elements))
        return tuple(_each(zip(elements, value, strict=True), trial))

    return convert


def named_tuple_from(kind: Callable[..., object], fields: Sequence[Field], expected: str) -> Converter:
    """Return a converter of arrays to a NamedTuple; missing values at the end take their defaults."""

    def convert(value: object, trial: Trial) -> object:
        required = sum(field.required for field in fields)
        if trial.level == EXACT or type(value) is not list or not required <= len(value) <= len(fields):
            raise Misfit(expected, value)
        trial.budget.spend(len(value))
        converters = [field.convert for field in fields]
        return kind(*_each(zip(converters, value, strict=False), trial))

    return convert


def dict_from(key: Converter, element: Converter) -> Converter:
    """Return a converter of objects to dicts; keys are texts in JSON and are converted like values."""

    def convert(value: object, trial: Trial) -> object:
        if type(value) is not dict:
            raise Misfit("dict", value)
        trial.budget.spend(len(value))
        result = {}
        # JSON has no keys but texts, so even the exact type of a key must be read from one.
        key_trial = Trial(LAX, trial.known, trial.budget)
        for name, item in value.items():
            try:
                result[key(name, key_trial)] = element(item, trial)
            except Misfit as misfit:
                raise misfit.inside(name) from None
            except TypeError:
                raise Misfit("dict", value, "a key of it cannot be a key in Python").inside(name) from None
        return result

    return convert


class Field(NamedTuple):
    """One field of a class that is made from an object: `key` in JSON, `name` in Python."""

    key: str
    name: str
    convert: Converter
    required: bool


def object_from(
    make: Callable[..., object], fields: Sequence[Field], expected: str, *, closed: bool = False
) -> Converter:
    """Return a converter of objects to `make(**fields)`. Other keys are ignored, or refused if `closed`.

    `fields` may be filled after this call: classes refer to themselves.
    """

    def convert(value: object, trial: Trial) -> object:
        if type(value) is not dict:
            raise Misfit(expected, value)
        trial.budget.spend(len(fields))
        arguments = {}
        for key, name, convert_field, required in fields:
            if key in value:
                try:
                    arguments[name] = convert_field(value[key], trial)
                except Misfit as misfit:
                    raise misfit.inside(key) from None
            elif required:
                raise Misfit(expected, value, f'"{key}" is missing')
        if len(arguments) < len(value) and (closed or trial.level == EXACT):
            known = {field.key for field in fields}
            if unknown := [key for key in value if key not in known]:
                raise Misfit(expected, value, f'it has no "{unknown[0][:60]}"')
        try:
            return make(**arguments)
        except (ValueError, TypeError) as error:
            raise Misfit(expected, value, f"it was refused: {error}") from None

    return convert


def tagged(convert_object: Converter, tag_key: str, tag: object, expected: str) -> Converter:
    """Return a converter that also demands the tag of a msgspec Struct."""

    def convert(value: object, trial: Trial) -> object:
        if type(value) is not dict:
            raise Misfit(expected, value)
        if value.get(tag_key) != tag:
            raise Misfit(expected, value, f'"{tag_key}" must be {tag!r}')
        return convert_object({key: item for key, item in value.items() if key != tag_key}, trial)

    return convert


def union_from(members: Sequence[Converter], expected: str) -> Converter:
    """Return a converter by the member that fits exactly, else the first that fits with least change.

    Members that can never fit a scalar of this type are not tried: raising and catching is what takes long.
    """
    if len(members) == 1:
        return members[0]
    every: Candidates = [(level, members) for level in (EXACT, CLOSE, LAX)]
    of_scalars: dict[type, Candidates] = {
        kind: _candidates(members, kind) for kind in (str, int, float, bool)
    }

    def attempt(value: object, trial: Trial) -> object:
        misfits: list[Misfit] = []
        for level, candidates in of_scalars.get(type(value), every):
            if level > trial.level:
                break
            attempt_trial = Trial(level, trial.known, trial.budget)
            misfits = []
            for member in candidates:
                try:
                    return member(value, attempt_trial)
                except Misfit as misfit:
                    misfits.append(misfit)
                    trial.budget.spend(1)
        return _clearest(misfits, expected, value)

    def convert(value: object, trial: Trial) -> object:
        if type(value) is not list and type(value) is not dict:
            result = attempt(value, trial)
        else:
            # The id stays that of this value: the arguments hold it until the conversion has ended.
            place = (id(convert), id(value), trial.level)
            if place not in trial.known:
                trial.known[place] = attempt(value, trial)
            result = trial.known[place]
        if isinstance(result, Misfit):
            raise result.copy()
        return result

    return convert


def _candidates(members: Sequence[Converter], kind: type) -> Candidates:
    levels = [
        (level, [it for it in members if least_level(it, kind) <= level]) for level in (EXACT, CLOSE, LAX)
    ]
    return [(level, candidates) for level, candidates in levels if candidates]


def optional_from(convert_value: Converter) -> Converter:
    """Return a converter that takes null as None and leaves the rest to `convert_value`."""

    def convert(value: object, trial: Trial) -> object:
        return None if value is None else convert_value(value, trial)

    return convert


def _clearest(misfits: Sequence[Misfit], expected: str, value: object) -> Misfit:
    # What failed deep inside says more than that no member fits, but only if there is one such member.
    deep = [misfit for misfit in misfits if misfit.steps]
    return deep[0] if len(deep) == 1 else Misfit(expected, value)


def _elements(value: object, element: Converter, trial: Trial, name: str) -> list[object]:
    if type(value) is not list:
        raise Misfit(name, value)
    trial.budget.spend(len(value))
    result: list[object] = []
    try:
        for item in value:
            result.append(element(item, trial))  # noqa: PERF401  # the length says where it failed
    except Misfit as misfit:
        raise misfit.inside(len(result)) from None
    return result


def _each(pairs: Iterable[tuple[Converter, object]], trial: Trial) -> list[object]:
    result: list[object] = []
    try:
        for convert, item in pairs:
            result.append(convert(item, trial))  # the length says where it failed
    except Misfit as misfit:
        raise misfit.inside(len(result)) from None
    return result
