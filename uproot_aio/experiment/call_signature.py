"""Bind the raw JSON of a live call to the parameters of a method, each of its annotated type."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from inspect import Parameter
from types import UnionType
from typing import NamedTuple, NoReturn, Union, get_args, get_origin

import msgspec

from uproot_aio.errors import AuthorError, InvalidArguments
from uproot_aio.experiment.annotation_text import NoSense, reads, resolve
from uproot_aio.experiment.annotations import read_annotation
from uproot_aio.experiment.coerce import NO_INSTANCES
from uproot_aio.experiment.fast_arguments import fast_decoder
from uproot_aio.experiment.misfit import LAX, Budget, Misfit, Trial, path_text
from uproot_aio.experiment.raw_json import has_proto, json_array, json_object
from uproot_aio.experiment.typed_parameter import DOES_NOT_FIT, TypedParameter

GIVEN = 2
"""Parameters that the server fills: page and player."""
POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
ALL_EMPTY = b"{}"
ONE_OF_EACH: tuple[object, ...] = (None, True, 1, 0.5, "", [], {})
"""One value of each kind that JSON knows."""

Raw = bytes | msgspec.Raw
Arguments = tuple[list[object], dict[str, object]]


class Mistake(NamedTuple):
    """What is wrong with the number or the names of arguments; `{name}` in `what` stands for the name."""

    what: str
    name: str | None = None
    expected: str | None = None


class CallSignature:
    """What a live method takes after page and player. Made once; binding keeps nothing.

    Raises:
        AuthorError: an annotation makes no sense; says module, method and parameter.
    """

    def __init__(self, function: Callable[..., object]) -> None:
        self.method = function.__name__
        every = list(inspect.signature(function).parameters.values())
        self._given = {parameter.name for parameter in every[:GIVEN]}
        parameters = [_typed(parameter, function) for parameter in every[GIVEN:]]
        self._positional = [it for it in parameters if it.kind in POSITIONAL]
        self._by_name = {
            it.name: it for it in parameters if it.kind in (POSITIONAL[1], Parameter.KEYWORD_ONLY)
        }
        self._rest = next((it for it in parameters if it.kind is Parameter.VAR_POSITIONAL), None)
        self._rest_by_name = next((it for it in parameters if it.kind is Parameter.VAR_KEYWORD), None)
        self._single = [it for it in parameters if it not in (self._rest, self._rest_by_name)]
        self._fast = fast_decoder(parameters)
        self._text = ", ".join(map(_parameter_text, parameters))

    def bind(self, args: Raw, kwargs: Raw | None) -> Arguments:
        """Return positional and keyword arguments for a call after page and player.

        Raises:
            InvalidArguments: they do not fit.
        """
        args, kwargs = bytes(args), None if kwargs is None else bytes(kwargs)
        if has_proto(args) or (kwargs is not None and has_proto(kwargs)):
            raise InvalidArguments(f'{self.method}: an object has the key "__proto__".', path="$")
        if self._fast is not None and (kwargs is None or kwargs == ALL_EMPTY):
            try:
                return self._fast(args), {}
            except DOES_NOT_FIT:
                pass
        given = json_array(args, self.method)
        named = {} if kwargs is None else json_object(kwargs, self.method)
        mistake = self._mistake(given, named)
        if mistake is not None and kwargs is not None and (taker := self._taker_of_object(given)):
            if taker is self._rest or taker.kind is Parameter.POSITIONAL_ONLY:
                given, named = [*given, msgspec.Raw(kwargs)], {}
            else:
                named = {taker.name: msgspec.Raw(kwargs)}
            mistake = self._mistake(given, named)
        if mistake is not None:
            raise self._error(mistake)
        budget = Budget()
        return self._positional_values(given, budget), self._keyword_values(named, budget)

    def _mistake(self, given: Sequence[Raw], named: Mapping[str, Raw]) -> Mistake | None:
        """Return what is wrong with the number and the names of the arguments, if anything is."""
        if len(given) > len(self._positional) and self._rest is None:
            return Mistake(self._too_many_in_order(len(given)))
        filled = {parameter.name for parameter in self._positional[: len(given)]}
        for name in named:
            if name in self._given:
                return Mistake("{name} is given by the server and cannot be passed", name)
            if name in filled and name in self._by_name:
                return Mistake("{name} is given twice, in order and by name", name)
            if name not in self._by_name and self._rest_by_name is None:
                return Mistake("it has no parameter {name}", name)
        for parameter in self._single:
            if parameter.is_required and parameter.name not in filled and parameter.name not in named:
                return Mistake("{name} is missing", parameter.name, parameter.reading.text)
        return None

    def _too_many_in_order(self, came: int) -> str:
        if not self._single and self._rest_by_name is None:
            return f"it takes no arguments, but {came} came"
        return f"it takes at most {len(self._positional)}, but {came} arguments came in order"

    def _error(self, mistake: Mistake) -> InvalidArguments:
        what, name, expected = mistake
        if name is not None:
            near = get_close_matches(name[:60], self._by_name, 1)
            advice = f'; did you mean "{near[0]}"?' if near and near[0] != name else ""
            what = what.replace("{name}", f'"{name[:60]}"') + advice
        ending = "" if what.endswith("?") else "."
        return InvalidArguments(
            f"{self.method}: {what}{ending} It is called as {self.method}({self._text}).",
            path="$" if name is None else "$" + path_text([name]),
            expected=expected or f"({self._text})",
        )

    def _taker_of_object(self, given: Sequence[Raw]) -> TypedParameter | None:
        """Return the only parameter not filled in order that takes an object, if there is exactly one."""
        unfilled = [*self._single[len(given) :], *([self._rest] if self._rest else [])]
        takers = [parameter for parameter in unfilled if parameter.reading.takes_object]
        if len(takers) != 1:
            return None
        taker = takers[0]
        first = self._positional[len(given) :]
        in_order = taker is self._rest or taker.kind is Parameter.POSITIONAL_ONLY
        # A parameter without a name gets the object only if it is the next in order.
        return None if in_order and (first[0] if first else self._rest) is not taker else taker

    def _positional_values(self, given: Sequence[msgspec.Raw], budget: Budget) -> list[object]:
        values = [it.read(raw, self.method, budget) for it, raw in zip(self._positional, given, strict=False)]
        if self._rest is not None:
            for index, raw in enumerate(given[len(self._positional) :]):
                values.append(self._rest.read(raw, self.method, budget, index))
        return values

    def _keyword_values(self, named: Mapping[str, msgspec.Raw], budget: Budget) -> dict[str, object]:
        values = {}
        for name, raw in named.items():
            if parameter := self._by_name.get(name):
                values[name] = parameter.read(raw, self.method, budget)
            elif self._rest_by_name is not None:
                values[name] = self._rest_by_name.read(raw, self.method, budget, name)
        return values


def _typed(parameter: Parameter, function: Callable[..., object]) -> TypedParameter:
    annotation = parameter.annotation
    is_annotated = annotation is not Parameter.empty
    try:
        hint = resolve(annotation, function) if is_annotated else object
        text = "anything" if not is_annotated else annotation if isinstance(annotation, str) else reads(hint)
        reading = read_annotation(hint, text)
    except NoSense as error:
        _refuse(function, parameter, str(error))
    except RecursionError:
        _refuse(function, parameter, "it is nested too deeply")
    variable = parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    is_required = parameter.default is Parameter.empty and not variable
    if is_required and not _can_be_filled(hint):
        _refuse(function, parameter, f"{NO_INSTANCES}; let it send a name or number, and look that up")
    return TypedParameter(parameter.name, parameter.kind, is_required, reading, reading.decoder)


def _can_be_filled(hint: object) -> bool:
    """Say whether some JSON value can be of this type; one is never an instance of a handle or an author's class."""
    if get_origin(hint) in (Union, UnionType):
        return any(map(_can_be_filled, get_args(hint)))
    convert = read_annotation(hint).convert
    for value in ONE_OF_EACH:
        try:
            convert(value, Trial(LAX, {}, Budget()))
        except Misfit as misfit:
            if misfit.reason == NO_INSTANCES:
                continue
        except Exception:  # a class of the author may raise anything for a value that is none
            return True
        return True
    return False


def _refuse(function: Callable[..., object], parameter: Parameter, reason: str) -> NoReturn:
    annotation = parameter.annotation
    text = annotation if isinstance(annotation, str) else reads(annotation)
    raise AuthorError(
        f'{function.__module__}: {function.__qualname__}: the parameter "{parameter.name}" '
        f"is annotated {text}, which makes no sense: {reason.rstrip('.')}. "
        "Correct it, import what it names, or leave the annotation out to accept anything."
    ) from None


def _parameter_text(parameter: TypedParameter) -> str:
    stars = {Parameter.VAR_POSITIONAL: "*", Parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    annotated = "" if parameter.reading.text == "anything" else f": {parameter.reading.text}"
    optional = "" if parameter.is_required or stars else " = ..."
    return f"{stars}{parameter.name}{annotated}{optional}"
