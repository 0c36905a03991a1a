"""The few facts that share one small integer do not share a bit."""

import pytest

from troth.policy import acts


def test_every_flag_is_one_bit_of_its_own_above_the_age():
    taken = acts.AGE
    for name, flag in acts.FLAGS.items():
        assert (name, flag.bit_count(), flag & taken) == (name, 1, 0)
        taken |= flag
    assert list(acts.FLAGS) == ["restricted", "parent", "held", "erasing", "listed_phone", "listed_post"]
    assert taken < 1 << 16  # the width of the column it is stored in, less its sign


@pytest.mark.parametrize(("name", "value"), [("hour", -1), ("size", 0), ("actor", "system"), ("form", "plain")])
def test_what_an_act_does_not_say(name, value):
    assert getattr(acts.Act("use", "order", "fern"), name) == value
