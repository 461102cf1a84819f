"""How a request begins, before any middleware could catch what goes wrong."""

from typing import Any

from django.core.handlers.wsgi import WSGIRequest

UNREADABLE = "*/*"  # which `hostile_input` refuses


class SiteWSGIRequest(WSGIRequest):
    """Django's own breaks down by a Content-Type that it cannot read."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except ValueError:
            self.content_type, self.content_params = UNREADABLE, {}
