"""The site's settings over the tests' own Postgres and Redis."""

from tests.support import services

services.start_once()

from webapp.config.settings import *  # noqa: E402, F403

WITHDRAWAL_LOG_IN_DATA = True  # as on the one host of most sites
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
