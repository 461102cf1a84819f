"""HEAD is answered wherever GET is, and as it would be: the server leaves out the body.

Django's decorators, the API and the libraries' views each have a rule of their own.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase


def as_get(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    def answer(request: HttpRequest) -> HttpResponseBase:
        if request.method == "HEAD":
            request.method = "GET"
        return get_response(request)

    return answer
