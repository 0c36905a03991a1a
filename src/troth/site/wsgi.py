"""The door for a web server. It does not open without a valid policy: the problems are said, line by line."""

import gc
import os
import sys

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

from troth.policy.errors import PolicyError


def application_or_exit() -> WSGIHandler:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "troth.site.settings")
    application = get_wsgi_application()
    from troth.doors import policies  # noqa: PLC0415 -- needs the settings

    from . import urls  # noqa: F401, PLC0415 -- need the settings; a page that cannot be read is found now, not by a visitor

    try:
        policies.archive()
    except PolicyError as problem:
        sys.exit(f"Troth does not start without a valid policy.\n{problem}")
    gc.freeze()  # what is loaded stays: looking through it again for garbage takes longer than a page
    return application


application = application_or_exit()
