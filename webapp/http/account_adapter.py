"""What allauth asks of the site."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from webapp.http.addresses import client_address


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def get_client_ip(self, request: HttpRequest) -> str:
        """For its limits of sign-up, sign-in and password reset."""
        return client_address(request)

    def is_safe_url(self, url: str | None) -> bool:
        """Whether to go on there after signing in; not to what is no address at all."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False
