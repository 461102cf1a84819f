from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from webapp.api.operations import endpoint
from webapp.api.resources import (
    contributions,
    detection,
    figures,
    models,
    releases,
    reports,
    reviews,
    tokens,
    trainings,
    votes,
)
from webapp.api.schema import OneForAll

urlpatterns = [
    path(
        "v1/detect",
        endpoint(parsers=detection.PARSERS, post=detection.detect),
        name="api-detect",
    ),
    path(
        "v1/contributions",
        endpoint(
            parsers=contributions.PARSERS,
            get=contributions.list_own,
            post=contributions.give,
        ),
        name="api-contributions",
    ),
    path(
        "v1/contributions/<uuid:pk>",
        endpoint(
            get=contributions.show,
            patch=contributions.change_consent,
            delete=contributions.withdraw_one,
        ),
        name="api-contribution",
    ),
    path(
        "v1/contributions/<uuid:pk>/picture",
        endpoint(get=contributions.picture),
        name="api-picture",
    ),
    path(
        "v1/withdrawals",
        endpoint(post=contributions.withdraw_by_link),
        name="api-withdrawals",
    ),
    path("v1/votes", endpoint(post=votes.cast), name="api-votes"),
    path("v1/votes/next", endpoint(get=votes.next_face), name="api-next-face"),
    path("v1/votes/last", endpoint(delete=votes.undo), name="api-last-vote"),
    path("v1/review", endpoint(get=reviews.waiting), name="api-review"),
    path("v1/review/take", endpoint(post=reviews.take), name="api-review-take"),
    path("v1/review/bulk", endpoint(post=reviews.decide_bulk), name="api-bulk"),
    path("v1/review/undo", endpoint(post=reviews.undo_bulk), name="api-bulk-undo"),
    path(
        "v1/review/<uuid:pk>", endpoint(get=reviews.history), name="api-review-history"
    ),
    path(
        "v1/review/<uuid:pk>/decisions",
        endpoint(post=reviews.decide),
        name="api-decisions",
    ),
    path("v1/review/<uuid:pk>/undo", endpoint(post=reviews.undo), name="api-undo"),
    path(
        "v1/reports",
        endpoint(get=reports.list_reports, post=reports.report),
        name="api-reports",
    ),
    path(
        "v1/reports/<int:pk>/decisions",
        endpoint(post=reports.decide),
        name="api-report-decisions",
    ),
    path("v1/model", endpoint(get=models.current), name="api-model"),
    path("v1/models", endpoint(get=models.list_models), name="api-models"),
    path("v1/models/<str:name>", endpoint(get=models.show), name="api-model-version"),
    path(
        "v1/models/<str:name>/report",
        endpoint(get=models.report),
        name="api-model-report",
    ),
    path(
        "v1/models/<str:name>/files", endpoint(get=models.files), name="api-model-files"
    ),
    path(
        "v1/models/<str:name>/files/<str:file>",
        endpoint(get=models.file),
        name="api-model-file",
    ),
    path(
        "v1/models/<str:name>/promote",
        endpoint(post=models.promote),
        name="api-promote",
    ),
    path(
        "v1/models/<str:name>/roll-back",
        endpoint(post=models.roll_back),
        name="api-roll-back",
    ),
    path(
        "v1/trainings",
        endpoint(
            parsers=trainings.PARSERS, get=trainings.list_runs, post=trainings.start
        ),
        name="api-trainings",
    ),
    path("v1/trainings/<int:pk>", endpoint(get=trainings.show), name="api-training"),
    path(
        "v1/trainings/<int:pk>/log",
        endpoint(get=trainings.log),
        name="api-training-log",
    ),
    path(
        "v1/trainings/<int:pk>/cancel",
        endpoint(post=trainings.cancel),
        name="api-training-cancel",
    ),
    path("v1/figures", endpoint(get=figures.figures), name="api-figures"),
    path("v1/needs", endpoint(get=figures.needs), name="api-needs"),
    path("v1/releases", endpoint(get=releases.list_releases), name="api-releases"),
    path("v1/releases/<int:pk>", endpoint(get=releases.show), name="api-release"),
    path(
        "v1/releases/withdrawn",
        endpoint(get=releases.withdrawn),
        name="api-withdrawn",
    ),
    path(
        "v1/tokens",
        endpoint(get=tokens.list_tokens, post=tokens.make),
        name="api-tokens",
    ),
    path("v1/tokens/<int:pk>", endpoint(delete=tokens.revoke), name="api-token"),
    path(
        "schema/",
        SpectacularAPIView.as_view(generator_class=OneForAll),
        name="api-schema",
    ),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(url_name="api-schema"),
        name="api-docs",
    ),
]
