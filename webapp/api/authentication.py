from rest_framework import authentication, exceptions
from rest_framework.request import Request

from labeling import accounts
from labeling.models import ApiToken, User


class PersonalToken(authentication.BaseAuthentication):
    """`Authorization: Bearer …`, with a token from the account page."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = accounts.find_token(secret.strip())
        if token is None:
            raise exceptions.AuthenticationFailed
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
