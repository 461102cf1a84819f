"""Every address of the site. A page with several addresses keeps its own list beside
its views, and is included here."""

from django.contrib import admin
from django.urls import include, path

from webapp.views import account, health, live, pages, try_it

urlpatterns = [
    path("", try_it.try_it, name="try"),
    path("detect/", try_it.detect, name="detect"),
    path("answer/", try_it.answer, name="answer"),
    path("answer/device/", try_it.answer_from_device, name="answer-from-device"),
    path("notice/", pages.notice, name="notice"),
    path("language/", pages.language, name="language"),
    path("live/", live.live, name="live"),
    path("engine/", include("webapp.engine.views")),
    path("booth/", include("webapp.views.booth")),
    path("contribute/", include("webapp.views.contribute")),
    path("faces/", include("webapp.views.faces")),
    path("my/", include("webapp.views.my")),
    path("withdraw/", include("webapp.views.withdraw")),
    path("vote/", include("webapp.views.vote")),
    path("review/", include("webapp.views.review")),
    path("training/", include("webapp.views.training")),
    path("models/", include("webapp.views.models")),
    path("data/", include("webapp.views.data")),
    path("about/", pages.about, name="about"),
    path("privacy/", pages.privacy, name="privacy"),
    path("terms/", pages.terms, name="terms"),
    path("account/", account.account, name="account"),
    path("account/tokens/", account.make_token, name="make-token"),
    path("account/tokens/<int:pk>/revoke/", account.revoke_token, name="revoke-token"),
    path("account/sessions/end/", account.end_other_sessions, name="end-sessions"),
    path("account/sessions/<str:handle>/end/", account.end_session, name="end-session"),
    path("accounts/2fa/totp/activate/", account.set_up_second_factor),
    path("accounts/email/", account.addresses),
    path("accounts/password/reset/", account.forgotten_password),
    path("accounts/password/reset/done/", account.reset_mail_sent),
    path("accounts/signup/", account.SignUp.as_view(), name="account_signup"),
    path("accounts/", include("allauth.urls")),
    path("api/", include("webapp.api.urls")),
    # The admin's way from a row to its own page; none has one, and odd ids break it.
    path("admin/r/<path:row>", pages.nowhere),
    path("admin/", admin.site.urls),
    path("health", health.health, name="health"),
    path("favicon.ico", pages.favicon),
    path("robots.txt", pages.robots),
    path(".well-known/security.txt", pages.security),
]

handler400 = "webapp.views.pages.bad_request"
handler403 = "webapp.views.pages.forbidden"
handler404 = "webapp.views.pages.not_found"
handler500 = "webapp.views.pages.server_error"
