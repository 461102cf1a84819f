import os

from django.core.wsgi import get_wsgi_application

from webapp.config import memory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.config.settings")

memory.keep_small()
application = get_wsgi_application()
