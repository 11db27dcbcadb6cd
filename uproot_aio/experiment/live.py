"""Mark a page's method as callable from the browser, and find such methods by name."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from types import CodeType
from typing import Any, Concatenate, ParamSpec, TypeVar, overload

import msgspec

from uproot_aio.errors import AuthorError
from uproot_aio.experiment.call_signature import GIVEN, POSITIONAL, CallSignature
from uproot_aio.experiment.described import described

P = ParamSpec("P")
R = TypeVar("R")
Method = Callable[Concatenate[Any, P], R]


class LiveMethod:
    """How one `@live` method is called from the browser.

    Args:
        function: as written by the author, with page and player as its first two parameters.
        interleave: calls of one participant may overlap at awaits.
        timeout: seconds after which a call is cancelled; None for the server's setting.
    """

    def __init__(self, function: Callable[..., object], *, interleave: bool, timeout: float | None) -> None:
        self.function = function
        self.name = function.__name__
        self.interleave = interleave
        self.timeout = timeout
        self.is_async = inspect.iscoroutinefunction(function)
        self._signature: CallSignature | None = None

    @property
    def _code(self) -> CodeType:
        function: Any = inspect.unwrap(self.function)
        code: CodeType = function.__code__
        return code

    @property
    def file(self) -> str:
        """The file that the method stands in."""
        return self._code.co_filename

    @property
    def line(self) -> int:
        """The line that the method starts at."""
        return self._code.co_firstlineno

    def compile(self) -> None:
        """Turn the annotations into decoders; once is enough.

        Raises:
            AuthorError: an annotation makes no sense; says module, method and parameter.
        """
        if self._signature is None:
            self._signature = CallSignature(inspect.unwrap(self.function))

    def bind(
        self, args: bytes | msgspec.Raw, kwargs: bytes | msgspec.Raw | None = None
    ) -> tuple[list[object], dict[str, object]]:
        """Return the arguments after page and player, from the JSON texts of an array and an object.

        Raises:
            InvalidArguments: they do not fit the method; nothing has run.
        """
        if self._signature is None:
            self.compile()
            assert self._signature is not None
        return self._signature.bind(args, kwargs)

    def __repr__(self) -> str:
        return f"<live method {self.function.__qualname__}>"


@overload
def live(method: Method[P, R], /) -> classmethod[Any, P, R]: ...


@overload
def live(
    *, interleave: bool = False, timeout: float | None = None
) -> Callable[[Method[P, R]], classmethod[Any, P, R]]: ...


def live(
    method: Method[P, R] | None = None, /, *, interleave: bool = False, timeout: float | None = None
) -> classmethod[Any, P, R] | Callable[[Method[P, R]], classmethod[Any, P, R]]:
    """Make a method of a page callable from the browser by `uproot.invoke`.

    Its parameters are page, player, and any more, of which the annotations are enforced. It may be async.

    Args:
        method: what `@live` without brackets decorates.
        interleave: let calls of one participant overlap at awaits, instead of one after the other.
        timeout: seconds after which a call is cancelled and rejected.

    Raises:
        AuthorError: this cannot be a live method.
    """
    if method is None:
        return lambda decorated: live_classmethod(decorated, interleave, timeout)
    return live_classmethod(method, interleave, timeout)


def live_classmethod(method: Method[P, R], interleave: bool, timeout: float | None) -> classmethod[Any, P, R]:
    """Return the method as a classmethod that carries its `LiveMethod`."""
    function: Any = method.__func__ if isinstance(method, classmethod) else method
    _check_function(function)
    _check_timeout(function, timeout)
    function.__live__ = True
    function.__live_method__ = LiveMethod(function, interleave=interleave, timeout=timeout)
    return classmethod(function)


def live_method_of(page: type, name: str) -> tuple[LiveMethod, Callable[..., object]] | None:
    """Return the page's live method of this name and what to call with (player, ...), or None.

    Looks where Python looks, mixins included: an override without `@live` hides what it overrides.
    """
    for owner in page.__mro__:
        if name not in owner.__dict__:
            continue
        attribute = owner.__dict__[name]
        function = attribute.__func__ if isinstance(attribute, classmethod) else None
        method = getattr(function, "__live_method__", None)
        # functools.wraps copies the mark to a wrapper, which nobody has marked.
        if isinstance(method, LiveMethod) and method.function is function:
            return method, attribute.__get__(None, page)
        return None
    return None


def _check_function(function: object) -> None:
    if not inspect.isfunction(function):
        raise AuthorError(
            f"@live stands above {described(function)}, which is no method. Write @live directly above a def, "
            "without @staticmethod or @property."
        )
    name = f"{function.__module__}: {function.__qualname__}"
    if function.__name__.startswith("__"):
        raise AuthorError(
            f"{name} begins with two underscores, which @live does not allow. Choose another name."
        )
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise AuthorError(f"{name} uses yield, which a @live method cannot. Return a list instead.")
    first = list(inspect.signature(function).parameters.values())[:GIVEN]
    if len(first) < GIVEN or any(parameter.kind not in POSITIONAL for parameter in first):
        raise AuthorError(
            f"{name} is a @live method and gets the page and the player. "
            f"Begin its parameters with them: def {function.__name__}(page, player, ...)."
        )


def _check_timeout(function: Callable[..., object], timeout: object) -> None:
    if timeout is None:
        return
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not 0 < timeout < math.inf:
        raise AuthorError(
            f"{function.__module__}: {function.__qualname__}: the timeout of @live is {timeout!r}. "
            "Give a number of seconds above 0, or leave it out."
        )
