"""The chain of published versions, and which one is in force."""

from datetime import date

import pytest
from tests.policy.making import SMALL, changed, read
from tests.policy.test_decide import ORDER

from troth.laws import packs
from troth.policy.acts import Standing
from troth.policy.archive import Archive
from troth.policy.errors import PolicyError

VERSION = "version = 2026-11-01"
SECOND = (VERSION, "version = 2026-12-01\nreplaces = 2026-11-01")
THIRD = (VERSION, "version = 2027-02-01\nreplaces = 2026-12-01")
DAYS = [date(2026, 11, 1), date(2026, 12, 1), date(2027, 2, 1)]


def archive(*lines):
    return Archive([read(*one) for one in lines], packs())


def problems(*lines):
    with pytest.raises(PolicyError) as broken:
        archive(*lines)
    return [(one.path, one.what) for one in broken.value.problems]


def test_on_any_day_exactly_one_version_is_in_force():
    chain = archive([THIRD], [], [SECOND])
    assert [one.policy.about.version for one in chain.versions] == DAYS
    for day, version in [
        (date(2026, 11, 1), 0), (date(2026, 11, 30), 0), (date(2026, 12, 1), 1), (date(2027, 1, 31), 1), (date(2027, 2, 1), 2), (date(2099, 1, 1), 2),
    ]:  # fmt: skip
        assert chain.in_force(day) is chain.versions[version]
        assert chain.decide(ORDER, Standing("GB"), day).policy == chain.versions[version].digest


def test_before_the_first_version_there_is_none():
    chain = archive([], [SECOND])
    with pytest.raises(KeyError):
        chain.in_force(date(2026, 10, 31))
    with pytest.raises(KeyError):
        chain.version(date(2026, 11, 2))
    assert [chain.version(day) for day in DAYS[:2]] == list(chain.versions)


def test_a_chain_that_is_broken_is_refused_with_every_break():
    assert problems() == [("", "there is no policy here")]
    assert problems([], []) == [("policy.version", "2026-11-01 is also the version of small.toml")]
    assert problems([], [THIRD]) == [("policy.replaces", "should be 2026-11-01, the version in small.toml")]
    assert len(problems([], [], [THIRD])) == 2


def test_a_folder_is_read_whole_or_every_mistake_in_it_is_told(tmp_path):
    (tmp_path / "b.toml").write_text(SMALL)
    (tmp_path / "a.toml").write_text(changed(SECOND))
    (tmp_path / "c.txt").write_text("not a policy")

    chain = Archive.read(tmp_path, packs())
    assert [one.book.file.file for one in chain.versions] == ["b.toml", "a.toml"]

    (tmp_path / "c.toml").write_text("x = 1")
    (tmp_path / "d.toml").write_text("x =")
    with pytest.raises(PolicyError) as broken:
        Archive.read(tmp_path, packs())
    assert {one.file for one in broken.value.problems} == {"c.toml", "d.toml"}
