"""What allauth asks of the site."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from webapp.http.addresses import client_address


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def get_client_ip(self, request: HttpRequest) -> str:
        """For its limits of sign-up, sign-in and password reset."""
        return client_address(request)
