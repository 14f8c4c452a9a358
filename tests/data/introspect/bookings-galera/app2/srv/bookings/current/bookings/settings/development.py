from .base import *  # noqa

DATABASES = {"default": {"ENGINE": "django.db.backends.mysql", "HOST": "10.30.0.96", "NAME": "bookings_dev"}}
