"""The real counterparts that tests talk to: a PostgreSQL server, a browser, a web server."""
