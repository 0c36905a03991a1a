"""The demonstration's neighbours come up, are named, and go with it."""

import os
import threading
import time

import pytest
import urllib3

from troth.partners.chosen import payment_partner as chosen
from troth.partners.payments import Ask
from troth.site import neighbours


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    for name in ("TROTH_PAYMENTS", "TROTH_PAYMENTS_KEY", "TROTH_PAYMENTS_NOTICES"):
        monkeypatch.setenv(name, "x")


def test_the_payment_partner_comes_up_takes_payments_and_goes(tmp_path):
    with neighbours.payment_partner(tmp_path / "partner", "http://127.0.0.1:9/payments/told/") as address:
        assert os.environ["TROTH_PAYMENTS"] == address
        session = chosen().fields(Ask("once-1", "T-1", 1250, "GBP", "http://127.0.0.1:9/back"))
        with urllib3.PoolManager() as pool:
            assert pool.request("GET", session.address, redirect=False).status == 200
    with urllib3.PoolManager() as pool, pytest.raises(urllib3.exceptions.HTTPError):
        pool.request("GET", address, retries=False, timeout=2)


def test_a_partner_that_does_not_come_up_is_told(tmp_path):
    (tmp_path / "keys.json").write_text("no keys")
    with pytest.raises(neighbours.NoPartner), neighbours.payment_partner(tmp_path, "http://127.0.0.1:9/"):
        pass


def test_chores_are_done_again_and_again_whatever_one_of_them_raises_and_stop_with_the_block(capsys):
    done = []

    def fails():
        raise OSError

    with neighbours.chores([fails, lambda: done.append(time.monotonic())], every=0.01):
        until = time.monotonic() + 5
        while len(done) < 3 and time.monotonic() < until:
            time.sleep(0.01)
    count = len(done)
    assert count >= 3
    time.sleep(0.05)
    assert len(done) == count
    assert not [thread for thread in threading.enumerate() if thread.name == "chores"]
    assert "OSError" in capsys.readouterr().err
