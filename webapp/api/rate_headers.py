"""How much is left of what one may ask, on the answers that count."""

from rest_framework.request import Request
from rest_framework.response import Response

from webapp.http import admission

LIMIT, LEFT, RESET = "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"


def on(request: Request, response: Response) -> Response:
    allowance = admission.allowance(request)
    if allowance:
        response[LIMIT] = str(allowance.limit)
        response[LEFT] = str(allowance.left)
        response[RESET] = str(allowance.seconds)
    return response
