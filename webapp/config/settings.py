"""All settings. What can be set from outside comes by environment variable and is
listed, with its meaning, in deploy/env.example."""

import os
import shlex
import sys
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

from ml.artefact.answers import ANSWERS
from ml.config import GATE_POLICIES
from webapp.config import (
    admin_theme,
    api_schema,
    content_security,
    env,
    logs,
    public_mode,
    secret_key,
    service_paths,
)

django_stubs_ext.monkeypatch()

BASE_DIR = service_paths.ROOT
MIEN_DATA = service_paths.data_folder()
DEBUG = env.boolean("DEBUG")

# --- where the site is: this one URL decides what security settings apply

SITE_URL = env.text("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
SITE_HOST = urlsplit(SITE_URL).hostname or ""
LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
IS_HTTPS = SITE_URL.startswith("https://")
if not SITE_HOST or not SITE_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured(f"SITE_URL is {SITE_URL!r}; it takes an http(s) URL.")
if not IS_HTTPS and SITE_HOST not in (*LOOPBACK, "::1"):
    raise ImproperlyConfigured(
        f"SITE_URL is {SITE_URL!r}: away from this machine Mien needs https, for faces "
        "and passwords travel over it and browsers give the camera to nothing less."
    )

# Can others reach it? Then each role looks at UNSTATED before it starts.
IS_PUBLIC = public_mode.is_public(SITE_URL)
UNSTATED = public_mode.unstated(SITE_URL)

ALLOWED_HOSTS = [SITE_HOST] if IS_HTTPS else LOOPBACK
CSRF_TRUSTED_ORIGINS = [SITE_URL]
# How many proxies stand before us; their last words about the visitor are believed.
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 1 if IS_HTTPS else 0)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
)
SECURE_REDIRECT_EXEMPT = [r"^health$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
# Preloading cannot be undone for months: that is for the domain's owner to ask.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "webapp.views.pages.csrf_failure"
# Who finds a hole writes there, and reads there how: /.well-known/security.txt.
SECURITY_CONTACT = env.contact("SECURITY_CONTACT")
SECURITY_POLICY = env.contact("SECURITY_POLICY")

# Who answers for a site that others reach, and what it is for (labeling/controller.py).
CONTROLLER = env.text("CONTROLLER")
CONTROLLER_CONTACT = env.text("CONTROLLER_CONTACT")
DATA_PROTECTION_CONTACT = env.text("DATA_PROTECTION_CONTACT")
PURPOSE = env.text("PURPOSE")
LEGAL_BASIS = env.text("LEGAL_BASIS")
NOT_AT_WORK_NOT_IN_SCHOOLS = env.text("NOT_AT_WORK_NOT_IN_SCHOOLS")
MINIMUM_AGE = env.integer("MINIMUM_AGE", 18)
IMPACT_ASSESSMENT = env.text("IMPACT_ASSESSMENT")

CONTENT_SECURITY_POLICY = content_security.POLICY

# --- what remembers

_database = env.database("DATABASE_URL")
_services = service_paths.of(MIEN_DATA)
HAS_OWN_POSTGRES = _database is None
# Where it writes, if that is on this machine.
POSTGRES_FOLDER = _services.postgres if HAS_OWN_POSTGRES else None
HAS_OWN_REDIS = not env.text("REDIS_URL")

SECRET_KEY = env.text("SECRET_KEY")
if not SECRET_KEY and not HAS_OWN_POSTGRES:
    raise ImproperlyConfigured(
        "DATABASE_URL is set but SECRET_KEY is not: every machine on that database "
        "needs the same key. Make one with: python -c 'import secrets; "
        "print(secrets.token_urlsafe(50))'"
    )
SECRET_KEY = SECRET_KEY or secret_key.find_or_make(MIEN_DATA)

DATABASES: dict[str, dict[str, object]] = {
    "default": {
        **(_database or env.postgres(_services.database_url)),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}

REDIS_URL = env.text("REDIS_URL", _services.redis_url)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "mien",
    }
}
SESSION_ENGINE = "labeling.models.session"

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace(
    "?db=", "?virtual_host="
)

# --- the parts of the site

INSTALLED_APPS = [
    "webapp",
    "labeling",
    "workers",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
]

MIDDLEWARE = [
    "webapp.config.logs.requests",
    "webapp.metrics.requests.count_requests",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "webapp.http.head_requests.as_get",
    "corsheaders.middleware.CorsMiddleware",
    "webapp.http.csp.ContentSecurityPolicy",
    "webapp.http.private_pages.private_pages",
    "webapp.http.notice.api_header",
    "webapp.http.hostile_input.HostileInput",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "webapp.http.languages.Languages",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "webapp.http.sessions.last_use",
    "webapp.http.access.devices",
    "webapp.http.error_responses.ProblemPages",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "csp.context_processors.nonce",
            ],
        },
    }
]

ROOT_URLCONF = "webapp.urls"
WSGI_APPLICATION = "webapp.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT") or MIEN_DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# Photos stay in memory, never on disk; the views refuse what is larger.
FILE_UPLOAD_HANDLERS = ["webapp.http.admission.InMemory"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20

REST_FRAMEWORK: dict[str, object] = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "webapp.api.authentication.PersonalToken",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "EXCEPTION_HANDLER": "webapp.api.errors.answer",
}
SPECTACULAR_SETTINGS = api_schema.SPECTACULAR | {
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
# Sites whose scripts may call the API in their visitors' browsers; never with cookies.
CORS_ALLOWED_ORIGINS = env.origins("API_ORIGINS")
CORS_URLS_REGEX = r"^/api/v1/"
CORS_ALLOW_HEADERS = (
    *("accept", "authorization", "content-type", "idempotency-key", "if-none-match"),
)
CORS_EXPOSE_HEADERS = (
    *("etag", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"),
    *("retry-after", "server-timing"),
)
UNFOLD = admin_theme.UNFOLD

# --- people

AUTH_USER_MODEL = "labeling.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, object]] = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 10}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = ACCOUNT_LOGOUT_REDIRECT_URL = reverse_lazy("try")
ACCOUNT_ADAPTER = "webapp.http.account_adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {"signup": "webapp.forms.sign_up.SignUpForm"}
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if IS_HTTPS else "http"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Mien: "
ACCOUNT_MAX_EMAIL_ADDRESSES = 5
# Wrong codes of a second factor, wrong old passwords, new accounts, and mail to one
# address or sent for one account. Wrong passwords of who signs in are counted by
# webapp/http/password_attempts.py.
ACCOUNT_RATE_LIMITS = {
    "login_failed": "5/m/key,10/10m/key,20/h/key,40/d/key",
    "change_password": "5/m/user,10/10m/user,20/h/user,40/d/user",
    "signup": "20/m/ip,100/d/ip",
    "reset_password": "20/m/ip,100/d/ip,5/h/key,10/d/key",
    "confirm_email": "1/3m/key,10/d/key",
    "manage_email": "10/m/user,30/d/user",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
# Do reviewers, trainers and admins need a second factor? With https they do.
_mfa = ("optional", "required")
STAFF_MFA = env.choice("STAFF_MFA", _mfa[::-1] if IS_HTTPS else _mfa)

_mail = env.mail_server("EMAIL_URL")
# Without a mail server nothing can be confirmed: sign-up works and the page says so.
MAIL_CONFIGURED = _mail is not None
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
if _mail:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _mail.host, _mail.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
    EMAIL_USE_SSL, EMAIL_USE_TLS = _mail.is_tls, not _mail.is_tls
    EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", f"Mien <mien@{SITE_HOST}>")
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if MAIL_CONFIGURED else "none"
# Without mail an address cannot be confirmed: who has one already is said at once, no
# code is promised, and a second factor does not wait for a confirmation.
ACCOUNT_PREVENT_ENUMERATION = MAIL_CONFIGURED
ACCOUNT_REAUTHENTICATION_METHODS = ["password", "mfa", *(["code"] * MAIL_CONFIGURED)]
MFA_ALLOW_UNVERIFIED_EMAIL = not MAIL_CONFIGURED

# --- words and times

LANGUAGE_CODE = "en"
# Each in its own words, for whoever looks for it reads no other. What a new one takes:
# CONTRIBUTING.md.
LANGUAGES = [
    ("en", "English"),
    ("pt-br", "Português (Brasil)"),
    ("es", "Español"),
    ("fr", "Français"),
    ("pl", "Polski"),
    ("ru", "Русский"),
]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SECURE = True, IS_HTTPS
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [BASE_DIR / "webapp" / "locale"]
FORMAT_MODULE_PATH = "webapp.config.formats"
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"

# --- other programs

# May webhooks be called on this machine, and without https? For development.
WEBHOOKS_TO_LOOPBACK = env.boolean("WEBHOOKS_TO_LOOPBACK")

# --- faces and training

FACE_DETECTOR = env.path("FACE_DETECTOR") or (
    MIEN_DATA / "face_detection_yunet_2023mar.onnx"
)
MODELS_DIR = BASE_DIR / "models"
FER2013 = env.path("FER2013") or next(BASE_DIR.glob("data/fer2013.csv*"), None)
FERPLUS = env.path("FERPLUS") or next(BASE_DIR.glob("data/fer2013new.csv*"), None)
MODEL_ANSWER = env.choice("MODEL_ANSWER", ANSWERS)
PROMOTION_POLICY = env.choice("PROMOTION_POLICY", GATE_POLICIES)
RETRAIN_AT = env.text("RETRAIN_AT", "03:30")
RETRAIN_MIN_FACES = env.integer("RETRAIN_MIN_FACES", 200)
# Seconds without a sign of life after which a run is taken up anew, and between looks.
RETRAIN_LOST_AFTER = env.integer("RETRAIN_LOST_AFTER", 120)
# Where other training hosts reach this one when they train a run together, and how
# many seconds the first of them waits for the rest.
TRAINING_ADDRESS = env.text("TRAINING_ADDRESS")
TRAINING_WAIT = env.integer("TRAINING_WAIT", 300)
SWEEP_EVERY = env.integer("SWEEP_EVERY", 20)
RETRAIN_PRESET = env.choice("RETRAIN_PRESET", ("finetune", "quick", "full"))
# How the child that trains and examines is started.
ML_COMMAND = shlex.split(env.text("ML_COMMAND")) or [sys.executable, "-m", "ml"]
# What one giver may count for in a snapshot: so many faces, or this share of all.
CAP_FACES = env.integer("CAP_FACES", 20)
CAP_PERCENT = env.integer("CAP_PERCENT", 5)
# How little a face counts, in percent, for its giver's poor record at the least, and
# for a label that confident learning doubts (0 leaves it out); 100 turns either off.
RECORD_PERCENT = env.integer("RECORD_PERCENT", 25)
DOUBT_PERCENT = env.integer("DOUBT_PERCENT", 25)
# From this size on the community's own faces join the exam beside FER-2013's.
HOLD_OUT_FACES = env.integer("HOLD_OUT_FACES", 500)
HOLD_OUT_GIVERS = env.integer("HOLD_OUT_GIVERS", 50)
# How many votes a face gets, and how often voters may look at its picture in all.
VOTES_WANTED = env.integer("VOTES_WANTED", 5)
VOTE_VIEWS = env.integer("VOTE_VIEWS", 500)
# After so many votes, agreeing to so many percent, a face is accepted or rejected
# without a reviewer; 0 is never.
VOTES_ACCEPT = env.integer("VOTES_ACCEPT", 0)
VOTES_REJECT = env.integer("VOTES_REJECT", 0)
VOTES_AGREEMENT = env.integer("VOTES_AGREEMENT", 90)
# Of the givers with an account, the share in percent whose faces examine the model.
HOLD_OUT_PERCENT = env.integer("HOLD_OUT_PERCENT", 10)
# After so many days faces that wait, or that were rejected, are deleted.
KEEP_WAITING_DAYS = env.integer("KEEP_WAITING_DAYS", 180)
KEEP_REJECTED_DAYS = env.integer("KEEP_REJECTED_DAYS", 30)
# After so many days dumps (`mien-*.dump`) are deleted.
KEEP_BACKUPS_DAYS = env.integer("KEEP_BACKUPS_DAYS", 30)
# When the clock makes one each night, and of how many days, weeks and months the last
# is kept. Encrypted with a key of age, of which the public half is enough.
BACKUP_AT = env.text("BACKUP_AT")
KEEP_DAILY_BACKUPS = env.integer("KEEP_DAILY_BACKUPS", 7)
KEEP_WEEKLY_BACKUPS = env.integer("KEEP_WEEKLY_BACKUPS", 4)
KEEP_MONTHLY_BACKUPS = env.integer("KEEP_MONTHLY_BACKUPS", 6)
BACKUP_KEY = env.text("BACKUP_KEY")
# The second place of the log of withdrawals, which has to outlive the database's disk;
# dumps are made beside it. Hosts that share a database must be told of one place for
# all, for each alone does not hear of what is withdrawn at another.
_copy = env.path("WITHDRAWAL_LOG_COPY")
WITHDRAWAL_LOG_COPY = _copy or Path.home() / "mien-backups" / "withdrawals.log"
WITHDRAWAL_LOG_IN_DATA = HAS_OWN_POSTGRES
WITHDRAWAL_LOG_COPY_HEARS_ALL = HAS_OWN_POSTGRES or _copy is not None

# The licence of dataset releases: an SPDX name or an address; without, none is stated.
DATASET_LICENSE = env.text("DATASET_LICENSE")

# --- logs and loads

LOGGING = logs.config()

WEB_PROCESSES = env.integer("WEB_PROCESSES", 2)
WEB_THREADS = env.integer("WEB_THREADS", 16)
# How many connections one address may have to one process; behind a proxy, which has
# all visitors' connections, that is the proxy's to limit.
CONNECTIONS_PER_ADDRESS = env.integer(
    "CONNECTIONS_PER_ADDRESS", 0 if TRUSTED_PROXIES else 100
)
# Photos looked at at once in one process: more turns than cores only make it later.
INFERENCE_TURNS: int = max(1, len(os.sched_getaffinity(0)) // max(WEB_PROCESSES, 1))
# How often one account, or one address without an account, may ask; all accounts at
# one address together five times as often. LIVE_RATE is for the live page's frames. Set
# but empty, there is no limit.
DETECT_RATE = env.rate("DETECT_RATE", "120/min")
LIVE_RATE = env.rate("LIVE_RATE", "1800/min")
GIVE_RATE = env.rate("GIVE_RATE", "200/hour")
VOTE_RATE = env.rate("VOTE_RATE", "60/min")
REPORT_RATE = env.rate("REPORT_RATE", "10/hour")
