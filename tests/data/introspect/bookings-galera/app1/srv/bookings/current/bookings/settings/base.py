import environ

env = environ.Env()
DEBUG = False
DATABASES = {"default": env.db("DATABASE_URL", default="sqlite:///db.sqlite3")}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
        "LOCATION": ["10.30.0.11:11211", "10.30.0.12:11211"],
    }
}
ALLOWED_HOSTS = ["bookings.example.org"]
CSRF_TRUSTED_ORIGINS = ["https://bookings.example.org"]
STATIC_URL = "/static/"
