# ruff: noqa
"""What is used where vulture does not look; `make lint` reads this beside the code."""

# Columns that SQL, `update(…)` and `values(…)` name.
(
    paused_until,
    busy_until,
    leased_to,
    leased_until,
    is_compared,
    has_vector,
    expires_at,
    heartbeat_at,
    alerted_at,
    found_at,
    saved_at,
    found_at,
    token_hash,
)
network_hash
# Templates.
scopes_in_words
is_narrow, kind_word, neighbours, disagrees, given_also_as, is_by_hand
correction_text, of_hundred, by_labels, unsure_below, is_shown
data_protection, declared_by, legal_basis_in_words
champion_name, challenger_name, difference_chart, difference_sentence
# Fields: of cards, manifests, events, releases, the API's answers, Popen's arguments.
packages, without_face, angry, disgust, surprise, neutral, withdrawal, distribution
other_emotions, conflicting, contradicted, per_emotion, per_source, mixed_bfloat16
tune_loss, tune_label_head, tune_votes_head, tune_votes, extra_groups
reported_at, is_released
label_probabilities, rater_probabilities
given_at, is_screened, previous, made_by
# By a made-up name, a dotted path in the settings, or the base class that lists them.
csrf_failure, ContentSecurityPolicy, InMemory, application
(
    PersonalToken,
    ShapeExtension,
    map_serializer,
    as_get,
    devices,
    ProblemPages,
    process_exception,
)
HostileInput, process_view, private_pages, request_class
AccountAdapter, get_client_ip, SignUpForm, api_header, field_order
requires_system_checks
# Fixtures that are asked for what they do, and a stream of Python's CSV writer.
embedded, sweeping, writable, raise_request_exception
# What allauth calls.
AccountAdapter, get_client_ip, pre_authenticate, authentication_failed
# What the REST framework asks of a paginator.
page_size, page_size_query_param, max_page_size
# What Django asks of a session engine, and a middleware that the settings name.
cache_key_prefix, get_model_class, user_id, modified, last_use
# What templates alone read.
is_blank
