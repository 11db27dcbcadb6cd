"""Form fields: what they accept, what they store, what they say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from markupsafe import Markup
from multidict import MultiDict
from wtforms.validators import InputRequired

from uproot_aio.errors import AuthorError
from uproot_aio.experiment.fields import (
    BooleanField,
    DecimalField,
    FloatField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from uproot_aio.experiment.forms import BoundForm, build_form


def submitted(field: Any, *texts: object) -> BoundForm:
    """Return a checked form with the one field `x`, for which the browser sent these values."""
    posted: MultiDict[object] = MultiDict()
    for text in texts:
        posted.add("x", text)
    form = build_form({"x": field}, posted)
    form.check()
    return form


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (StringField(), " as typed ", " as typed "),
        (TextAreaField(), "one\r\ntwo", "one\r\ntwo"),
        (IntegerField(), " 5 ", 5),
        (IntegerField(), "+4", 4),
        (IntegerField(min=1, max=5), "5", 5),
        (DecimalField(), "5.0", Decimal("5.0")),
        (DecimalField(), "1e3", Decimal("1e3")),
        (FloatField(), "2.5", 2.5),
        (BooleanField(), "y", True),
        (RadioField(), "True", True),
        (RadioField(choices=[1, 2]), "2", 2),
        (RadioField(choices=[(None, "Neither"), (1, "One")]), "None", None),
        (SelectField(choices={Decimal("1.50"): "cheap"}), "1.50", Decimal("1.50")),
        (StringField(optional=True), "", ""),
        (IntegerField(optional=True), "", None),
        (SelectField(choices=["a"], optional=True), "", None),
    ],
)
def test_a_right_answer_is_stored_in_its_own_type(field: Any, text: str, value: object) -> None:
    form = submitted(field, text)

    assert form.errors == {}
    assert form.values() == {"x": value}
    assert type(form.values()["x"]) is type(value)


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        (StringField(), "", "This field is required."),
        (IntegerField(), "5.0", "Not a valid integer value."),
        (IntegerField(min=1, max=9), "5,0", "Not a valid integer value."),
        (IntegerField(), "9" * 5000, "Not a valid integer value."),
        (IntegerField(min=1, max=9), "10", "Number must be between 1 and 9."),
        (IntegerField(min=1), "0", "Number must be at least 1."),
        (DecimalField(max=2), "2.01", "Number must be at most 2."),
        (DecimalField(), "NaN", "Not a valid decimal value."),
        (DecimalField(), "1e999999999", "Not a valid decimal value."),
        (FloatField(), "inf", "Not a valid float value."),
        (RadioField(), "maybe", "Not a valid choice."),
        (RadioField(), "", "This field is required."),
        (SelectField(choices=[1, 2]), "3", "Not a valid choice."),
    ],
)
def test_a_wrong_answer_gets_one_message(field: Any, text: str, message: str) -> None:
    form = submitted(field, text)

    assert form.errors == {"x": [message]}
    assert form.first_error == "x"


def test_what_the_browser_did_not_send_is_stored_as_none_and_an_empty_box_as_false() -> None:
    form = build_form(
        {"a": StringField(optional=True), "b": BooleanField(), "c": RadioField(optional=True)}, MultiDict()
    )

    assert form.check()
    assert form.values() == {"a": None, "b": False, "c": None}


def test_a_box_that_must_be_ticked_says_so() -> None:
    form = submitted(BooleanField(validators=[InputRequired()]))

    assert form.errors == {"x": ["This field is required."]}


def test_an_uploaded_file_is_no_answer_to_a_text_field() -> None:
    form = submitted(StringField(), object())

    assert form.errors == {"x": ["This field is required."]}


def test_of_several_answers_the_first_counts() -> None:
    form = submitted(StringField(), "first", "second")

    assert form.values() == {"x": "first"}


def test_a_fresh_form_shows_defaults_or_what_is_stored() -> None:
    fields = {"a": IntegerField(default=3), "b": RadioField(default=False)}

    fresh = build_form(fields)
    again = build_form(fields, stored={"a": 5})

    assert fresh.data == {"a": 3, "b": False}
    assert [choice.checked for choice in fresh.b] == [False, True]
    assert again.data["a"] == 5


def test_a_choice_coded_none_is_not_taken_on_a_fresh_page() -> None:
    form = build_form({"x": RadioField(choices=[(None, "Neither"), (1, "One")])})

    assert not any(choice.checked for choice in form.x)


def test_inputs_carry_name_bounds_and_the_authors_attributes() -> None:
    form = build_form({"x": IntegerField(min=0, max=9, render_kw={"data-item": 7})})

    html = form.x()

    for attribute in (
        'id="x"',
        'name="x"',
        'min="0"',
        'max="9"',
        "required",
        'data-item="7"',
        'autocomplete="off"',
    ):
        assert attribute in html


def test_buttons_of_a_radio_field_are_numbered_in_order_of_the_choices() -> None:
    form = build_form({"x": RadioField(choices=[("a", "A & B")])})

    assert [(choice.id, choice.text) for choice in form.x] == [("x-0", "a")]
    assert "A &amp; B" in form.x()


def test_a_select_begins_with_an_empty_entry_unless_it_has_its_own() -> None:
    form = build_form({"x": SelectField(choices=["a"]), "y": SelectField(choices=[("", "none"), "a"])})

    assert form.x().count("<option") == 2
    assert form.y().count("<option") == 2


def test_rendering_does_not_change_the_authors_attributes() -> None:
    attributes = {"class": "wide"}
    form = build_form({"x": StringField(render_kw=attributes)})

    form.x(class_="other")

    assert attributes == {"class": "wide"}


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: StringField("Name"), "keywords only"),  # type: ignore[call-arg]  # the mistake under test
        (lambda: IntegerField(mni=3), "Did you mean `min`"),
        (lambda: BooleanField(optional=True), "takes no `optional`"),
        (lambda: SelectField(label="x"), "argument: 'choices'"),  # type: ignore[call-arg]  # as above
    ],
)
def test_a_mistake_in_a_constructor_fails_on_the_authors_line(mistake: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        mistake()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"x": "text"}, "x is not a form field"),
        ({"x": StringField}, "Add parentheses"),
        ({"_x": StringField()}, "cannot be the name"),
        ({"two words": StringField()}, "cannot be the name"),
    ],
)
def test_what_is_no_field_is_explained(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(AuthorError, match=message):
        build_form(fields)


def test_a_page_may_add_errors_to_its_fields_only() -> None:
    form = build_form({"x": StringField(label=Markup("<b>X</b>"))}, MultiDict(x="a"))
    form.check()

    form.add_errors("x", "Taken.")

    assert form.errors == {"x": ["Taken."]}
    with pytest.raises(AuthorError, match="'y'"):
        form.add_errors("y", "No such field.")


def test_templates_reach_fields_by_name() -> None:
    form = build_form({"data": StringField(), "y": StringField()})

    assert [field.name for field in form] == ["data", "y"]
    assert form["data"].name == "data"
    assert "y" in form
    assert "z" not in form
    assert not hasattr(form, "z")
