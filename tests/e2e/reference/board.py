# SPDX-License-Identifier: Apache-2.0
"""A notice board: GET / shows the notices and counts the visit, POST /notices adds one."""
import html
import os
import urllib.parse

import psycopg2
import redis

PAGE = """<!DOCTYPE html>
<title>{title}</title>
<h1>{title}</h1>
<p>Visit number {visits}</p>
<form method="post" action="/notices"><input name="text"><button>Pin</button></form>
<ul>
{notices}
</ul>
"""
counter = redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=5)


def database():
    return psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=5)


def show():
    visits = counter.incr("visits")
    with database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT text FROM notices ORDER BY id DESC LIMIT 100")
        notices = "\n".join(f"<li>{html.escape(row[0])}</li>" for row in cursor.fetchall())
    title = html.escape(os.environ.get("BOARD_TITLE", "Board"))
    return "200 OK", [("Content-Type", "text/html; charset=utf-8")], \
        PAGE.format(title=title, visits=visits, notices=notices)


def add(environ):
    body = environ["wsgi.input"].read(min(int(environ.get("CONTENT_LENGTH") or 0), 65536)).decode("utf-8")
    text = dict(urllib.parse.parse_qsl(body)).get("text", "").strip()
    if not text:
        return "400 Bad Request", [("Content-Type", "text/plain")], "a notice needs a text\n"
    with database() as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO notices (text) VALUES (%s)", (text,))
    return "303 See Other", [("Location", "/")], ""


def application(environ, start_response):
    try:
        if (environ["REQUEST_METHOD"], environ["PATH_INFO"]) == ("POST", "/notices"):
            status, headers, text = add(environ)
        elif environ["PATH_INFO"] == "/":
            status, headers, text = show()
        else:
            status, headers, text = "404 Not Found", [("Content-Type", "text/plain")], "nothing here\n"
    except (psycopg2.Error, redis.RedisError) as error:
        print(f"board: {error}", flush=True)
        status, headers, text = "503 Service Unavailable", [("Content-Type", "text/plain")], "try again\n"
    start_response(status, headers)
    return [text.encode("utf-8")]
