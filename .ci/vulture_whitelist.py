# ruff: noqa
"""What is used where vulture does not look; `make lint` reads this beside the code."""

# Columns that SQL, `update(…)` and `values(…)` name.
leased_to, leased_until, is_compared, expires_at, heartbeat_at, saved_at, token_hash
# Templates.
is_narrow, badge, neighbours, disagrees
# What an artefact's card and the API's answers are made of.
packages, angry, disgust, surprise, neutral, withdrawal
# By a made-up name, a dotted path in the settings, or the base class that lists them.
_step, _done, csrf_failure, ContentSecurityPolicy, InMemory, application
PersonalTokenScheme, devices, ProblemPages, process_exception
# Fixtures that are asked for what they do, and a stream of Python's CSV writer.
embedded, sweeping, writable, raise_request_exception
