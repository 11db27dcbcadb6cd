"""Read a session's settings as an experimenter types them: JSON, with advice where it is none."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from uproot_aio.errors import ParticipantError

EXAMPLE = '{"treatment": "A"}'
_PYTHON_WORDS = {"True": "true", "False": "false", "None": "null", "NaN": "null", "Infinity": "a number"}
_KINDS = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false"}


def read_settings(text: str) -> dict[str, Any]:
    """Return the settings; nothing typed means none.

    Raises:
        ParticipantError: it is no JSON object; says where, and what to change.
    """
    if not text.strip():
        return {}
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ParticipantError(_explain(text, error)) from None
    except RecursionError:
        raise ParticipantError("The settings are nested too deeply. Use fewer levels.") from None
    except ValueError:
        raise ParticipantError("The settings contain a number with too many digits.") from None
    if not isinstance(value, dict):
        kind = _KINDS.get(type(value), "null")
        raise ParticipantError(f"Settings are names with values in braces, like {EXAMPLE}. This is {kind}.")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ParticipantError(f"The settings contain {name}, which JSON does not know. Write a number or null.")


def _explain(text: str, error: json.JSONDecodeError) -> str:
    line = text.splitlines()[error.lineno - 1] if error.lineno <= len(text.splitlines()) else ""
    message = f"This is not JSON yet. Line {error.lineno}, column {error.colno}: {error.msg.lower()}."
    return f"{message} {_advice(text, line, error.pos)}".rstrip()


def _advice(text: str, line: str, position: int) -> str:
    rest = text[position:]
    before = text[:position].rstrip()
    word = re.match(r"\w+", rest)
    if word and word[0] in _PYTHON_WORDS:
        return f"Write {_PYTHON_WORDS[word[0]]} instead of {word[0]}."
    if rest.lstrip()[:1] == "'" or "'" in line:
        return f"Names and texts stand in double quotes, like {EXAMPLE}."
    if rest[:1] in {"#", "/"}:
        return "JSON has no comments: remove it."
    if before.endswith(",") and rest.lstrip()[:1] in {"}", "]"}:
        return "Remove the comma before the closing bracket."
    if not rest.strip():
        return "Something is missing at the end: a closing bracket or quote."
    if word or not text.lstrip().startswith("{"):
        return f"Settings look like {EXAMPLE}."
    return ""
