"""How gunicorn serves the site; `--bind` comes from whoever starts it.

No preloading: processes start side by side anyway, and what a module opens when it is
imported (connections, locks, the networks' thread pools) is never shared across a fork.
"""

from pathlib import Path

from django.conf import settings

from webapp.config import logs

wsgi_app = "webapp.wsgi"
workers = settings.WEB_PROCESSES
worker_class = "gthread"
threads = settings.WEB_THREADS
timeout = 60
graceful_timeout = 8
keepalive = 5
# The workers' sign of life is a file; on a busy disk it would come late.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
# Whose word about https is taken, settings.SECURE_PROXY_SSL_HEADER decides.
forwarded_allow_ips = ""
accesslog = None
control_socket_disable = True  # it would be one for all sites of a user
logconfig_dict = logs.config()
