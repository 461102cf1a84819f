"""Programs that ask the API with somebody's token."""

from collections.abc import Collection
from typing import Any

from django.test import Client

from labeling import accounts
from labeling.models import Scope, User


class Program:
    """`Program(user).get("models")`; what is sent is JSON."""

    def __init__(
        self, user: User | None = None, scopes: Collection[str] = Scope.values
    ) -> None:
        self.headers: dict[str, str] = {}
        if user:
            _token, secret = accounts.make_token(user, name="test", scopes=scopes)
            self.headers = {"Authorization": f"Bearer {secret}"}

    def get(self, path: str, **headers: str) -> Any:
        return self.ask("GET", path, None, **headers)

    def post(self, path: str, sent: Any = None, **headers: str) -> Any:
        return self.ask("POST", path, sent, **headers)

    def ask(self, method: str, path: str, sent: Any = None, **headers: str) -> Any:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        ask = getattr(Client(), method.lower())
        address = path if path.startswith("/") else f"/api/v1/{path}"
        how = {"headers": {**self.headers, **names}}
        if method == "GET":
            return ask(address, **how)
        return ask(address, {} if sent is None else sent, "application/json", **how)
