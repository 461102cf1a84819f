"""How much is left of what one may ask, on the answers that count."""

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from webapp.http import admission

LIMIT, LEFT, RESET = "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"
# As the schema tells them; where the site sets no limit they are left out.
DESCRIBED = [
    OpenApiParameter(
        name, int, OpenApiParameter.HEADER, description=what, response=statuses
    )
    for name, what, statuses in (
        (LIMIT, "How many requests of this kind one may make.", [200, 201, 429]),
        (LEFT, "How many of them are left.", [200, 201, 429]),
        (RESET, "Seconds until there are more.", [200, 201, 429]),
        ("Retry-After", "Seconds to wait.", [429, 503]),
    )
]


def on(request: Request, response: Response) -> Response:
    allowance = admission.allowance(request)
    if allowance:
        response[LIMIT] = str(allowance.limit)
        response[LEFT] = str(allowance.left)
        response[RESET] = str(allowance.seconds)
    return response
