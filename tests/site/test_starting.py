"""Starting: a key of our own, a policy that can be used, and plain words where there is none."""

import logging
import os
import stat
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from troth.doors import policies
from troth.policy.errors import PolicyError
from troth.site.databases import database
from troth.site.logs import Plain
from troth.site.secret import secret


def test_a_key_is_made_once_and_kept_to_its_owner(tmp_path, capsys):
    path = tmp_path / "var" / "secret"
    first = secret(path)

    assert secret(path) == first
    assert len(first) > 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert str(path) in capsys.readouterr().err
    assert [p.name for p in path.parent.iterdir()] == ["secret"]


@pytest.mark.parametrize("address", ["sqlite:///troth.db", "mysql://troth@localhost/troth", "troth.sqlite3"])
def test_an_address_that_is_no_postgresql_is_refused_with_a_sentence(address, tmp_path):
    with pytest.raises(ImproperlyConfigured, match="begins with postgresql://") as refused:
        database(address, tmp_path / "troth.sqlite3")
    assert address not in str(refused.value)  # there may be a password in it


def test_without_a_policy_folder_it_is_said_what_to_set(settings, tmp_path):
    settings.TROTH_POLICIES = tmp_path / "nowhere"
    with pytest.raises(PolicyError, match="Set TROTH_POLICIES to the folder that holds the policy"):
        policies.archive()


def test_the_archive_is_read_once():
    assert policies.archive() is policies.archive()


def test_the_server_does_not_start_with_a_policy_it_cannot_use(tmp_path):
    (tmp_path / "2026-11-01.toml").write_text("[policy]\nname = 7\n", encoding="utf-8")
    env = os.environ | {"TROTH_POLICIES": str(tmp_path), "TROTH_DATA": str(tmp_path / "var")}
    ran = subprocess.run(
        [sys.executable, "-c", "import troth.site.wsgi"],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ran.returncode == 1
    assert "Troth does not start without a valid policy." in ran.stderr
    assert "2026-11-01.toml:2: policy.name: should be text in quotes" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_mishap_is_logged_by_its_kind_and_place_alone():
    with pytest.raises(ValueError, match="jane") as mishap:
        int("jane.doe@example.com")
    record = logging.LogRecord("django.request", logging.ERROR, "", 0, "Broke: %s", ("/jane",), mishap._excinfo)
    said = Plain().format(record)

    assert "ValueError at test_starting.py:" in said
    assert "jane" not in said
