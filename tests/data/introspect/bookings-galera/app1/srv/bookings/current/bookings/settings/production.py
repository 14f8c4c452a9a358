from .base import *  # noqa

SECURE_SSL_REDIRECT = True
SENTRY_DSN = "https://0123456789abcdef@sentry.example.org/7"
