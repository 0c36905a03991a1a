"""A key is forgotten with the act that fetched it: no copy stays behind in memory."""

import gc
import os

from troth.vault import seal


def there():
    gc.collect()
    return sum(type(one) is seal.PersonKey for one in gc.get_objects())


def test_a_key_that_sealed_and_opened_is_gone_when_its_act_is_over():
    before = there()
    ring = {number: seal.PersonKey(os.urandom(32)) for number in range(50)}
    for key in ring.values():
        assert seal.unseal(key, seal.seal(key, {"name": "Ada"}, b"row"), b"row") == {"name": "Ada"}
    assert there() == before + 50
    del key
    ring.clear()
    assert there() == before
