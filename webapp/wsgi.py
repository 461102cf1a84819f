import os

from django.core.wsgi import get_wsgi_application

from webapp.config import memory
from webapp.http.wsgi_request import SiteWSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.config.settings")

memory.keep_small()
application = get_wsgi_application()
application.request_class = SiteWSGIRequest
