"""A guestbook: GET / and POST /entries for people, GET and POST /entries with JSON for programs.
# SPDX-License-Identifier: Apache-2.0

The settings are in /etc/guestbook.json, which follows from the machine's properties. The page's
title comes from the proxy in front, base64 in the header X-Guestbook-Title.
"""

import base64
import binascii
import html
import json
import os
import socket
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg2

SETTINGS = Path(os.environ.get("GUESTBOOK_SETTINGS", "/etc/guestbook.json"))
PAGE = (Path(__file__).parent / "page.html").read_text(encoding="utf-8")
BODY_LIMIT = 64 * 1024
AUTHOR_LIMIT = 80
MESSAGE_LIMIT = 1000


def read_settings():
    try:
        return json.loads(SETTINGS.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SystemExit("guestbook: the properties db.host and db.password are needed") from None


class BadRequest(Exception):
    """What the client sent cannot be an entry."""


class Entries:
    """The table. One connection, made anew when it is lost; one thread at a time."""

    def __init__(self, settings):
        self._settings = settings
        self._lock = threading.Lock()
        self._connection = None

    def _connect(self):
        connection = psycopg2.connect(
            host=self._settings["db.host"],
            port=self._settings["db.port"],
            user=self._settings["db.user"],
            password=self._settings["db.password"],
            dbname=self._settings["db.name"],
            connect_timeout=5,
        )
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS entries ("
                " id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
                " author text NOT NULL, message text NOT NULL,"
                " created timestamptz NOT NULL DEFAULT now())"
            )
        return connection

    def _run(self, statement, values=()):
        with self._lock:
            for attempt in (1, 2):
                try:
                    if self._connection is None:
                        self._connection = self._connect()
                    with self._connection.cursor() as cursor:
                        cursor.execute(statement, values)
                        return cursor.fetchall()
                except (psycopg2.OperationalError, psycopg2.InterfaceError):
                    self._connection = None  # lost: the second attempt has a new one
                    if attempt == 2:
                        raise
        raise AssertionError("not reached")

    def wait_for_database(self):
        while True:
            try:
                return self.check()
            except psycopg2.Error as error:
                print(f"waiting for the database: {error}".strip(), flush=True)
                time.sleep(1)

    def check(self):
        self._run("SELECT 1")

    def all(self):
        rows = self._run(
            "SELECT id, author, message, created FROM entries ORDER BY id DESC LIMIT 200"
        )
        return [
            {"id": row[0], "author": row[1], "message": row[2], "created": row[3].isoformat()}
            for row in rows
        ]

    def add(self, author, message):
        rows = self._run(
            "INSERT INTO entries (author, message) VALUES (%s, %s) RETURNING id", (author, message)
        )
        return rows[0][0]


def make_entry(fields):
    author = str(fields.get("author") or "anonymous").strip() or "anonymous"
    message = str(fields.get("message") or "").strip()
    if not message:
        raise BadRequest("an entry needs a message")
    if len(author) > AUTHOR_LIMIT or len(message) > MESSAGE_LIMIT:
        raise BadRequest("the entry is too long")
    if "\0" in author + message:
        raise BadRequest("the entry holds a zero byte")
    return author, message


def make_page(title, entries):
    lines = [
        "<li><b>{}</b> <small>{}</small><br>{}</li>".format(
            html.escape(entry["author"]), html.escape(entry["created"][:19]),
            html.escape(entry["message"]).replace("\n", "<br>"),
        )
        for entry in entries
    ]
    return PAGE.format(title=html.escape(title), entries="\n".join(lines))


class Handler(BaseHTTPRequestHandler):
    server_version = "guestbook"
    protocol_version = "HTTP/1.1"
    entries = None  # set by main()

    def do_GET(self):
        self._answer(self._get)

    def do_POST(self):
        self._answer(self._post)

    def _get(self):
        path = urllib.parse.urlsplit(self.path).path
        if path == "/":
            page = make_page(self._title(), self.entries.all())
            self._send(200, page, "text/html; charset=utf-8")
        elif path == "/entries":
            self._send_json(200, self.entries.all())
        elif path == "/health":
            self.entries.check()
            self._send_json(200, {"status": "ok"})
        else:
            self._send_json(404, {"error": "there is nothing here"})

    def _post(self):
        body = self._body()
        if urllib.parse.urlsplit(self.path).path != "/entries":
            self._send_json(404, {"error": "there is nothing here"})
            return
        is_json = self.headers.get_content_type() == "application/json"
        author, message = make_entry(self._fields(body, is_json))
        number = self.entries.add(author, message)
        if is_json:
            self._send_json(201, {"id": number, "author": author, "message": message})
        else:
            self._send(303, "", "text/plain", {"Location": "/"})

    def _body(self):
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            raise BadRequest("the length is not a number") from None
        if length < 0 or length > BODY_LIMIT:
            self.close_connection = True
            raise BadRequest("the request is too long")
        return self.rfile.read(length)

    @staticmethod
    def _fields(body, is_json):
        try:
            text = body.decode("utf-8")
            if not is_json:
                return dict(urllib.parse.parse_qsl(text))
            fields = json.loads(text)
        except ValueError as error:
            raise BadRequest(f"the request cannot be read: {error}") from None
        if not isinstance(fields, dict):
            raise BadRequest("an entry is a JSON object")
        return fields

    def _title(self):
        try:
            return base64.b64decode(self.headers.get("X-Guestbook-Title", "")).decode("utf-8") \
                or "Guestbook"
        except (binascii.Error, UnicodeDecodeError):
            return "Guestbook"

    def _answer(self, action):
        try:
            action()
        except BadRequest as error:
            self._send_json(400, {"error": str(error)})
        except psycopg2.Error as error:
            print(f"database: {error}".strip(), flush=True)
            self._send_json(503, {"error": "the database does not answer"})

    def _send_json(self, status, value):
        self._send(status, json.dumps(value) + "\n", "application/json")

    def _send(self, status, text, content_type, headers=None):
        data = text.encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format, *args):
        print(f"{self.address_string()} {format % args}", flush=True)

    def address_string(self):
        return self.client_address[0]


def notify_ready():
    """Tells systemd (sd_notify(3)): the unit is Type=notify."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        if address.startswith("@"):
            address = "\0" + address[1:]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.connect(address)
            out.sendall(b"READY=1")


def main():
    settings = read_settings()
    Handler.entries = Entries(settings)
    server = ThreadingHTTPServer(("", settings["http.port"]), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Handler.entries.wait_for_database()
    notify_ready()
    threading.Event().wait()


if __name__ == "__main__":
    main()
