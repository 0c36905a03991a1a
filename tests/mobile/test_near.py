"""What an app may send, against slow and obvious readings of it."""

from math import acos, cos, pi, radians, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.mobile import rules
from troth.mobile.errors import BadValue

latitudes, longitudes = st.floats(-90, 90), st.floats(-180, 180)
anything: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers()) | st.just({})
)


@given(st.tuples(latitudes, longitudes), st.tuples(latitudes, longitudes))
def test_distance_is_the_angle_at_the_centre_of_the_earth(here, there):
    (lat, lon), (lat2, lon2) = (tuple(map(radians, place)) for place in (here, there))
    angle = acos(max(-1.0, min(1.0, sin(lat) * sin(lat2) + cos(lat) * cos(lat2) * cos(lon - lon2))))
    assert rules.apart(here, there) == pytest.approx(angle * rules.EARTH, abs=0.2)
    assert rules.apart(here, there) == pytest.approx(rules.apart(there, here), abs=1e-6)
    assert 0 <= rules.apart(here, there) <= pi * rules.EARTH + 1


@given(st.dictionaries(st.sampled_from([*rules.FIELDS, "imei", "gps"]), anything, max_size=4))
def test_a_device_is_text_without_tricks_or_it_is_refused_without_repeating_it(sent):
    try:
        kept = rules.device(sent)
    except BadValue as refused:
        said = str(refused)
    else:
        assert kept.keys() == sent.keys() <= set(rules.FIELDS)
        assert all(value is None or (value.isprintable() and value == value.strip() != "") for value in kept.values())
        return
    assert not any(value in said for value in sent.values() if isinstance(value, str) and len(value) > 3)


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"latitude": 51.5},
        {"latitude": "51.5", "longitude": 0},
        {"latitude": True, "longitude": 0},
        {"latitude": 91, "longitude": 0},
        {"latitude": 0, "longitude": float("nan")},
        {"latitude": 0, "longitude": float("inf")},
        {"latitude": 10**400, "longitude": 0},
    ],
)
def test_what_is_no_place_is_refused(sent):
    with pytest.raises(BadValue):
        rules.position(sent)


@pytest.mark.parametrize(
    "sent", [{"country": "gb"}, {"country": "GBR"}, {"app_language": "English, please"}, {"make_model": "x" * 81}]
)
def test_what_is_no_country_language_or_model_is_refused(sent):
    with pytest.raises(BadValue):
        rules.device(sent)
