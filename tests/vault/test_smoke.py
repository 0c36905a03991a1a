from datetime import date
from uuid import uuid4
import pytest
from django.utils.timezone import now
from troth.vault import covers, keys
from troth.vault.models import Identifier, Person

@pytest.mark.django_db(databases=["default", "keys"])
def test_smoke():
    p = Person.objects.create(last_seen=date(2026, 1, 1))
    keys.make([p.id.bytes])
    c = covers.Cover("collect", frozenset({"contact.email"}), now(), "register")
    with covers.opened(c):
        i = Identifier.objects.create(person_id=p.id, kind="email", mark=b"x" * 32, value="a@b.example")
    j = Identifier.objects.get()
    assert repr(j.value) == "<held contact.email>"
    from troth.vault.held import reveal
    assert reveal(j, keys.of(p.id)) == {"value": "a@b.example"}
