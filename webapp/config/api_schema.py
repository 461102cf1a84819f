"""What the description of the API says of it as a whole."""

SPECTACULAR = {
    "TITLE": "Mien",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVERS": [{"url": "/"}],
    "DESCRIPTION": (
        "Finds faces, says how each looks to a model, takes labelled faces and gives "
        "them back, and retrains the model. No account is needed to look and to give."
    ),
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": ["webapp.api.schema.finish"],
    "COMPONENT_SPLIT_PATCH": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "personalToken": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token from the account page; its scopes say what it "
                "opens.",
            }
        }
    },
    "TAGS": [
        {"name": "detection", "description": "Photos, looked at and forgotten."},
        {"name": "contributions", "description": "Faces, given and taken back."},
        {"name": "votes", "description": "What other people's faces show."},
        {"name": "review", "description": "Deciding about faces, for reviewers."},
        {"name": "reports", "description": "Faces that must not be here."},
        {"name": "models", "description": "The models, and which one is in use."},
        {"name": "trainings", "description": "Retraining, for trainers."},
        {"name": "figures", "description": "What everybody may know of the site."},
        {"name": "releases", "description": "Public data sets."},
        {"name": "tokens", "description": "What programs sign in with."},
    ],
}
