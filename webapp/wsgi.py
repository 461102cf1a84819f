import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from webapp.config import memory
from webapp.http.wsgi_request import SiteWSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.config.settings")

memory.keep_small()
if settings.UNSTATED:  # whichever server asks for the application
    raise ImproperlyConfigured("\n".join(settings.UNSTATED))
application = get_wsgi_application()
application.request_class = SiteWSGIRequest
