"""The error tree.

UprootError                 anything this project raises on purpose
├── AuthorError             the experiment is wrong: its author must change something
│   ├── Unstorable          a value of a type that cannot be stored was assigned
│   ├── ConflictingChange   a value changed in place was meanwhile written by somebody else
│   ├── NoOpenUnit          a write where nothing collects changes (another thread, a finished step)
│   └── UnencodableAnswer   a value that JSON cannot say was returned or sent
├── ParticipantError        the input is wrong: what came from a browser cannot be used
│   ├── NotFound            no such session, player, page or app
│   ├── InvalidArguments    arguments of a live call do not fit the method's signature
│   ├── LiveError           a live method refused the call, with a text for the participant
│   └── CallRefused         a live call that was not run, or of which the outcome is unknown
├── StorageError            the log could not be read or written
│   ├── LogGap              a commit does not carry the number after its predecessor's
│   ├── DataInUse           another server owns the data folder
│   └── DataTooNew          the data folder was written by a newer version
├── ProtocolError           a frame that is not of our wire format
└── SettingsError           the server cannot start as it is configured
"""

from __future__ import annotations


class UprootError(Exception):
    """Anything this project raises on purpose. `code` is stable, `status` is the HTTP status."""

    code = "error"
    status = 500


class AuthorError(UprootError):
    """The experiment is wrong; the message says file, page and field, and what to change."""

    code = "author-error"


class Unstorable(AuthorError, TypeError):
    """A value was assigned that cannot be stored exactly."""

    code = "unstorable"


class ConflictingChange(AuthorError):
    """A value changed in place was written by somebody else since it was read."""

    code = "conflicting-change"


class NoOpenUnit(AuthorError):
    """A write happened where no unit of work is open: another thread, or a step that has ended."""

    code = "no-open-unit"


class UnencodableAnswer(AuthorError, TypeError):
    """A live method returned, or notify() was given, something JSON cannot say."""

    code = "unencodable"


class ParticipantError(UprootError):
    """What came from a browser cannot be used."""

    code = "bad-request"
    status = 400


class NotFound(ParticipantError):
    """No such session, player, page or app."""

    code = "not-found"
    status = 404


class InvalidArguments(ParticipantError):
    """Arguments of a live call do not fit the method's signature.

    Args:
        message: one sentence for the browser's console.
        path: where, as `$.amount` or `$.items[2]`; `$` is the list of arguments.
        expected: what would have fit, as the author's annotation reads.
    """

    code = "invalid-arguments"

    def __init__(self, message: str, *, path: str = "$", expected: str = "") -> None:
        super().__init__(message)
        self.path = path
        self.expected = expected


class LiveError(ParticipantError):
    """Raise in a live method to refuse a call: the text reaches the participant's browser.

    Args:
        message: the text for the participant; the rejected Promise carries it as `message`.
        code: replaces "refused" as the `code` that JavaScript sees.
        data: anything JSON can say; JavaScript sees it as `data`.
    """

    code = "refused"

    def __init__(self, message: str = "", *, code: str = "refused", data: object = None) -> None:
        super().__init__(str(message))
        self.code = str(code)
        self.data = data


class CallRefused(ParticipantError):
    """A live call was not run, or its outcome is unknown. `code` says which.

    Codes: unknown-method, stale-page, timeout, interrupted, too-large, too-many, unreachable, failed.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class StorageError(UprootError):
    """The log could not be read or written."""

    code = "storage"
    status = 503


class LogGap(StorageError):
    """A commit does not carry the number after its predecessor's."""

    code = "log-gap"


class DataInUse(StorageError):
    """Another server owns the data folder."""

    code = "data-in-use"


class DataTooNew(StorageError):
    """The data folder was written by a newer version of this software."""

    code = "data-too-new"


class ProtocolError(UprootError):
    """A frame that is not of the wire format."""

    code = "bad-frame"
    status = 400


class SettingsError(UprootError):
    """The server cannot start as it is configured."""

    code = "settings"
