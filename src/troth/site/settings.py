"""Django's settings, all of them from the environment. Nothing personal is logged, and no page may run a script.

TROTH_POLICIES  the folder of policy versions          TROTH_HOSTS  host names we answer to, with commas
TROTH_DATA      where secrets and data are kept        TROTH_PROXY  1: believe X-Forwarded-Proto
TROTH_LOGS      a folder for the log; else stderr      TROTH_DEMO   1: plain HTTP is fine, so no HSTS
TROTH_TODAY     a fixed day, for tests and the demo    TROTH_SECRET_KEY, TROTH_DEBUG
TROTH_DATABASE  postgres://… ; else SQLite in TROTH_DATA
TROTH_KEYS      the same for the keys, which live apart and have their own, shorter backups
TROTH_ROOT_KEY  the root keys, "1:BASE64 2:BASE64"; else the file root-key in TROTH_DATA, made on first start
TROTH_SCREENING  the agency that screens orders, TROTH_SCREENING_KEY the file with its key; else our own rules
TROTH_LEDGER_KEY  the Ed25519 seed that signs the ledger, base64; else the file ledger-key in TROTH_DATA
TROTH_SMTP  where mail leaves: smtps://user:password@host:465; without it mail waits, in the demo it goes to TROTH_DATA
TROTH_RETURNS  a mailbox at each brand's domain for letters that come back, such as "returns"; `troth mail returns`
TROTH_MAIL  a mail company instead, as django-anymail names it; TROTH_MAIL_KEY its settings, "api_key=… api_url=…";
            TROTH_MAIL_NOTICES those of its notices, "webhook_secret=user:password …": without that none is heard
TROTH_TEXTS  the address of the company that carries texts; TROTH_TEXTS_KEY, TROTH_TEXTS_NOTICES: its keys
TROTH_HOME  where letters' links lead, such as http://localhost:8000; else to each brand's own site
TROTH_PAYMENTS  the payment partner: its address, or "stripe"; TROTH_PAYMENTS_KEY, TROTH_PAYMENTS_NOTICES: its keys
"""

import os
import re
from datetime import date
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from .databases import database
from .secret import secret

CHECKOUT = Path(__file__).resolve().parents[3]
HOME = CHECKOUT if (CHECKOUT / "pyproject.toml").is_file() else Path.cwd()

TROTH_DATA = Path(os.environ.get("TROTH_DATA") or HOME / "var")
TROTH_POLICIES = Path(os.environ.get("TROTH_POLICIES") or HOME / "policies")
TROTH_DEMO = os.environ.get("TROTH_DEMO") == "1"
try:
    TROTH_TODAY = date.fromisoformat(os.environ["TROTH_TODAY"]) if os.environ.get("TROTH_TODAY") else None
except ValueError:
    raise ImproperlyConfigured("TROTH_TODAY should be a day such as 2026-11-22.") from None

SECRET_KEY = os.environ.get("TROTH_SECRET_KEY") or secret(TROTH_DATA / "secret")
DEBUG = os.environ.get("TROTH_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("TROTH_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

INSTALLED_APPS = [
    "troth.ledger",
    "troth.vault",
    "troth.choices",
    "troth.doors",
    "troth.rights",
    "troth.accounts",
    "troth.marketing",
    "troth.tracking",
    "troth.shop",
    "troth.mobile",
    "troth.care",
    "troth.community",
    "troth.front",
    "troth.desk",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "troth.site.middleware.outside",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "troth.site.middleware.house",
    "troth.shop.brands.own_host",
    "troth.accounts.sessions.signed_in",
    "troth.tracking.noting.noted",
    "django.middleware.csrf.CsrfViewMiddleware",
]
ROOT_URLCONF = "troth.site.urls"
WSGI_APPLICATION = "troth.site.wsgi.application"
TROTH_RETURNS = os.environ.get("TROTH_RETURNS", "")
if not re.fullmatch(r"[a-z0-9-]{0,20}", TROTH_RETURNS):
    raise ImproperlyConfigured("TROTH_RETURNS should be the part before the @ of a mailbox, such as returns.")

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
DATABASES = {
    "default": database(os.environ.get("TROTH_DATABASE", ""), TROTH_DATA / "troth.sqlite3"),
    "keys": database(os.environ.get("TROTH_KEYS", ""), TROTH_DATA / "keys.sqlite3"),
}
DATABASE_ROUTERS = ["troth.site.databases.Apart"]
TROTH_ROOT_KEY = os.environ.get("TROTH_ROOT_KEY", "")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_TZ = True

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # straight from the package: nothing to collect, so nothing to forget
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 24 * 3600  # an address carries its file's digest, so a changed file has another one

# What is sent along stays in memory, never in a file in between. More than this is not taken; see site/server.py.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 11 * 1024 * 1024

# -- forms: a cookie only on pages that have one. Browsers take http://localhost for safe, so Secure works in the demo -

CSRF_COOKIE_NAME = "__Host-csrf"  # purposes.site.cookies.csrf
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_AGE = None  # until the browser is closed
CSRF_FAILURE_VIEW = "troth.accounts.views.not_from_here"

# -- headers; those Django has no setting for are in middleware.py -------------------------------------------------

SECURE_HSTS_SECONDS = 0 if TROTH_DEMO else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = not TROTH_DEMO
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if os.environ.get("TROTH_PROXY") == "1":
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# -- the log: which page, how it went, how long it took; never who, what they typed, or an address as it was typed ---

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"()": "troth.site.logs.Plain"}},
    "handlers": {
        "log": (
            {"class": "logging.handlers.WatchedFileHandler", "filename": f"{os.environ['TROTH_LOGS']}/troth.log"}
            if os.environ.get("TROTH_LOGS")
            else {"class": "logging.StreamHandler"}
        )
        | {"formatter": "plain"}
    },
    "root": {"handlers": ["log"], "level": "WARNING"},
    "loggers": {
        "troth": {"level": "INFO"},
        "django": {"handlers": ["log"], "level": "ERROR", "propagate": False},
        "django.security": {"handlers": [], "level": "CRITICAL", "propagate": False},  # quotes what was sent
        "waitress.queue": {"level": "ERROR"},  # that somebody waits for a moment is nothing to tell
    },
}
