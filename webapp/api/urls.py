from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from webapp.api import trainings, views

urlpatterns = [
    path("v1/detect", views.detect, name="api-detect"),
    path("v1/contributions", views.contribute, name="api-contributions"),
    path("v1/model", views.model, name="api-model"),
    path("v1/trainings", trainings.start, name="api-trainings"),
    path("v1/trainings/<int:pk>", trainings.show, name="api-training"),
    path("v1/trainings/<int:pk>/cancel", trainings.cancel, name="api-training-cancel"),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(url_name="api-schema"),
        name="api-docs",
    ),
]
