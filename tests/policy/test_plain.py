"""Records that never change: they behave as frozen dataclasses do."""

import copy
import pickle
from dataclasses import asdict, fields, is_dataclass, replace
from datetime import date

import pytest

from troth.policy.acts import Standing
from troth.policy.errors import Problem
from troth.policy.nouns import About
from troth.policy.period import Keep, Length
from troth.policy.plain import Plain


class Box(Plain):
    wide: int
    high: int = 1


class Lid(Box):
    says: str = ""


def test_parts_come_in_the_order_they_are_declared_those_of_the_base_first():
    assert (Lid(2, 3, "top"), Lid(2)) == (Lid(says="top", high=3, wide=2), Lid(wide=2, high=1, says=""))
    assert repr(Lid(2)) == "Lid(wide=2, high=1, says='')"


@pytest.mark.parametrize(("values", "named"), [((), {}), ((1, 2, 3), {}), ((), {"high": 2}), ((1,), {"deep": 3})])
def test_a_record_with_a_part_too_many_or_too_few_is_refused(values, named):
    with pytest.raises(TypeError, match=r"^Box is made of wide, high$"):
        Box(*values, **named)


def test_a_record_never_changes():
    box = Box(2)
    with pytest.raises(AttributeError, match=r"^Box\.wide never changes"):
        box.wide = 3
    with pytest.raises(AttributeError, match=r"^Box\.deep never changes"):
        box.deep = 3
    with pytest.raises(AttributeError, match=r"^Box\.wide cannot be taken away"):
        del box.wide
    assert box == Box(2)


def test_records_are_alike_when_their_class_and_all_their_parts_are():
    assert len({Box(2), Box(2, 1), Box(1, 2), Box(1), Lid(2)}) == 4
    assert Box(2) != (2, 1)
    assert Box(2) != Box(2, 2)


def test_what_works_with_dataclasses_works_with_records():
    keep = Keep("order", Length(7, "year"))
    assert is_dataclass(keep)
    assert [field.name for field in fields(keep)] == ["event", "length"]
    assert asdict(keep) == {"event": "order", "length": {"number": 7, "unit": "year"}}
    assert replace(keep, event="call") == Keep("call", Length(7, "year"))
    assert copy.deepcopy(keep) == pickle.loads(pickle.dumps(keep)) == keep  # noqa: S301 -- our own bytes


def test_a_default_that_can_change_is_made_for_each_record():
    one, other = (About("P", date(2026, 1, 1), "c", "o", ()) for _ in range(2))
    assert one.treat == {}
    assert one.treat is not other.treat


def test_problems_are_told_from_the_first_line_to_the_last():
    first, then, last = Problem("a", 1, "x", "is odd"), Problem("a", 2, "b", "is odd"), Problem("b", 1, "", "is odd")
    assert sorted([last, then, first]) == [first, then, last]


def test_someone_who_said_nothing_lives_anywhere_and_may_be_of_any_age():
    assert Standing() == Standing("*", "", 31, 0, 0, 0, 0, 0)
