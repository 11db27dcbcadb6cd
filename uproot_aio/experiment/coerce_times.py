"""Read dates, times and durations as browsers send them: ISO texts, or numbers as `Date.now()` gives."""

from __future__ import annotations

import datetime
import re

import msgspec

from uproot_aio.experiment.misfit import EXACT, LAX, Misfit, Trial

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
DAY_SECONDS = 86_400
MILLISECONDS_FROM = (
    2e10  # larger numbers, beyond the year 2600 as seconds, are what JavaScript's Date.now() gives
)

DATE_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
DATETIME_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?", re.ASCII | re.IGNORECASE)
TIME_TEXT = re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII)
CLOCK_TEXT = re.compile(r"([+-]?)(\d{1,9}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?", re.ASCII)


def date_from(value: object, trial: Trial) -> object:
    """Accept `YYYY-MM-DD` and Unix numbers on an exact day."""
    if trial.level != EXACT and type(value) is str and DATE_TEXT.fullmatch(value):
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            pass
    elif trial.level == LAX:
        try:
            moment = datetime_from(value, trial)
        except Misfit:
            pass
        else:
            if isinstance(moment, datetime.datetime) and moment.time() == datetime.time():
                return moment.date()
            raise Misfit("date", value, "it has a time of day", adds=True)
    raise Misfit("date", value)


def datetime_from(value: object, trial: Trial) -> object:
    """Accept ISO texts, and Unix numbers as UTC."""
    try:
        if trial.level != EXACT and type(value) is str and DATETIME_TEXT.fullmatch(value):
            return datetime.datetime.fromisoformat(value)
        if trial.level == LAX and (type(value) is int or type(value) is float):
            seconds = value / 1000 if abs(value) > MILLISECONDS_FROM else value
            return EPOCH + datetime.timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        pass
    raise Misfit("datetime", value)


def time_from(value: object, trial: Trial) -> object:
    """Accept `HH:MM` and `HH:MM:SS`, and seconds after midnight."""
    try:
        if trial.level != EXACT and type(value) is str and TIME_TEXT.fullmatch(value):
            return datetime.time.fromisoformat(value)
        if trial.level == LAX and (type(value) is int or type(value) is float) and 0 <= value < DAY_SECONDS:
            return (EPOCH + datetime.timedelta(seconds=value)).time()
    except ValueError:
        pass
    raise Misfit("time", value)


def timedelta_from(value: object, trial: Trial) -> object:
    """Accept seconds, `HH:MM`, `HH:MM:SS` and ISO durations (`PT90S`)."""
    try:
        if trial.level == LAX and (type(value) is int or type(value) is float):
            return datetime.timedelta(seconds=value)
        if trial.level != EXACT and type(value) is str:
            if clock := CLOCK_TEXT.fullmatch(value):
                sign, hours, minutes, seconds = clock.groups()
                duration = datetime.timedelta(
                    hours=int(hours), minutes=int(minutes), seconds=float(seconds or 0)
                )
                return -duration if sign == "-" else duration
            return msgspec.convert(value, datetime.timedelta)
    except (ValueError, OverflowError):
        pass
    raise Misfit("timedelta", value)
