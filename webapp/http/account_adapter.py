"""What allauth asks of the site."""

from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from labeling.models import User
from webapp.http import access, password_attempts
from webapp.http.admission import client_address


class AccountAdapter(DefaultAccountAdapter):
    def get_client_ip(self, request: HttpRequest) -> str:
        """For its limits of sign-up, sign-in and password reset."""
        return client_address(request)

    def is_safe_url(self, url: str | None) -> bool:
        """Whether to go on there after signing in; not to what is no address at all."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Before any password is looked at: to sign in, or to confirm who one is."""
        seconds = password_attempts.seconds_to_wait(request, _name(credentials))
        if seconds:
            sentence = _("Too many wrong passwords. Please wait %(time)s.")
            time = password_attempts.in_words(seconds)
            raise ValidationError(sentence % {"time": time}, "too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        user: User | None = super().authenticate(request, **credentials)
        if user:
            password_attempts.forgive(request, _name(credentials))
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        password_attempts.count_wrong(request, _name(credentials))

    def post_login(
        self, request: HttpRequest, user: User, **kwargs: Any
    ) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        addresses = EmailAddress.objects.filter(user=user)
        emails = {user.email, *addresses.values_list("email", flat=True)}
        access.keep_known(request, response, *sorted(emails))
        return response


def _name(credentials: Mapping[str, object]) -> str:
    return str(credentials.get("email") or credentials.get("username", "")).lower()
