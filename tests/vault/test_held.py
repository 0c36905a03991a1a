import copy
import json
import logging
import pickle
import traceback
from uuid import uuid4

import pytest
from django import forms
from django.core.exceptions import FieldError
from django.core.serializers.json import DjangoJSONEncoder
from django.template import Context, Engine

from troth.vault.errors import NotPlain
from troth.vault.models import Identifier

CANARY = "canary-7319@post.example"


@pytest.fixture
def row():
    return Identifier(person_id=uuid4(), kind="email", mark=b"m", value=CANARY)


REFUSALS = {
    "str": str,
    "f-string": lambda value: f"{value}",
    "format": lambda value: format(value, ">20"),
    "percent": lambda value: "%s" % value,  # noqa: UP031 -- what is tested
    "percent from the left": lambda value: value % (),
    "join": "".join,
    "plus": lambda value: value + "",
    "plus from the right": lambda value: "" + value,
    "times": lambda value: value * 2,
    "bytes": bytes,
    "bool": bool,
    "not": lambda value: not value,
    "equals": lambda value: value == CANARY,
    "differs": lambda value: value != CANARY,
    "less": lambda value: value < CANARY,
    "hash": hash,
    "in a set": lambda value: {value},
    "iterate": iter,
    "in": lambda value: "7" in value,
    "len": len,
    "index": lambda value: value[0],
    "int": int,
    "float": float,
    "copy": copy.copy,
    "deep copy": copy.deepcopy,
    "pickle": pickle.dumps,
    "json": json.dumps,
    "django json": lambda value: json.dumps(value, cls=DjangoJSONEncoder),
    "template": lambda value: Engine().from_string("{{ value }}").render(Context({"value": value})),
    "template default": lambda value: Engine().from_string("{{ value|default:'-' }}").render(Context({"value": value})),
    "template if": lambda value: Engine().from_string("{% if value %}{% endif %}").render(Context({"value": value})),
    "call": lambda value: [value()],
}


@pytest.mark.parametrize("how", REFUSALS.values(), ids=REFUSALS)
def test_a_held_value_is_never_turned_into_anything(row, how):
    with pytest.raises(TypeError) as refused:
        how(row.value)
    assert CANARY not in str(refused.value)


def test_the_refusal_names_the_item_and_the_cure(row):
    with pytest.raises(NotPlain, match=r"^contact\.email is held and cannot be turned into text\. Open it under"):
        str(row.value)


def test_its_representation_names_the_item_only(row):
    assert repr(row.value) == "<held contact.email>"
    assert CANARY not in repr(row)
    assert CANARY not in repr(vars(row))


def test_a_row_with_unsealed_values_cannot_be_pickled_or_copied(row):
    for how in (pickle.dumps, copy.deepcopy):
        with pytest.raises(NotPlain):
            how(row)


def test_a_form_cannot_show_it_as_its_initial_value(row):
    class Form(forms.Form):
        email = forms.CharField()

    with pytest.raises(NotPlain):
        str(Form(initial={"email": row.value})["email"])


def test_a_log_line_with_it_is_lost_rather_than_leaking(row, capsys, caplog):
    with pytest.raises(NotPlain):
        logging.getLogger("troth.test").warning("mail to %s", row.value)
    assert CANARY not in caplog.text + capsys.readouterr().err


def test_a_traceback_with_local_variables_shows_no_value(row):
    value = row.value
    with pytest.raises(TypeError) as refused:
        str(value)
    shown = "".join(traceback.TracebackException.from_exception(refused.value, capture_locals=True).format())
    assert "<held contact.email>" in shown
    assert CANARY not in shown


def test_no_query_can_name_it():
    with pytest.raises(FieldError):
        Identifier.objects.values("value").query.sql_with_params()
    with pytest.raises(FieldError):
        Identifier.objects.filter(value=CANARY)


@pytest.mark.parametrize("wrong", [7, b"bytes", ["list"], object()])
def test_a_field_takes_its_own_kind_of_value_only_and_does_not_repeat_the_wrong_one(wrong):
    with pytest.raises(TypeError) as refused:
        Identifier(person_id=uuid4(), kind="email", mark=b"m", value=wrong)
    assert str(refused.value) == f"Identifier.value takes text, not {type(wrong).__name__}."


def test_a_held_value_cannot_be_moved_to_another_row(row):
    with pytest.raises(NotPlain, match="moved to another row"):
        Identifier(person_id=uuid4(), kind="email", mark=b"n", value=row.value)
