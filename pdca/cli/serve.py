"""`pdca serve`: the web and, beside it, exactly one follow-up process.

A small parent starts both, so that neither is forked out of a process with threads. The follow-up is started
again when it dies; when the web stops, all stops.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from types import FrameType

import click
from flask import Flask
from flask.cli import ScriptInfo

from pdca import clock, doctor, log
from pdca.config import LOOPBACK, Settings, load_settings
from pdca.db import db

# Set by the parent for the processes it starts.
BESIDE = "_PDCA_BESIDE"
PULSE_S = 0.5
STOP_S = 30
LONGEST_PAUSE_S = 60


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", type=click.IntRange(1, 65535), help="Default: PDCA_PORT, 5000.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Web processes.")
@click.option("--no-followup", is_flag=True, help="Web only; `pdca scheduler` runs elsewhere.")
@click.pass_context
def command(context: click.Context, host: str, port: int | None, workers: int, no_followup: bool) -> None:
    """Serve the web and run the follow-up beside it."""
    port = port or load_settings().port
    # Everything below reads it: links in mails carry the port people use.
    os.environ["PDCA_PORT"] = str(port)
    app = context.ensure_object(ScriptInfo).load_app()
    with app.app_context():
        _may_start(app.extensions["settings"], host, port)
    if os.environ.get(BESIDE) is None:
        click.echo(f"Serving on http://{host}:{port}, until Ctrl-C")
    if no_followup:
        run_web(app, host, port, workers)
    else:
        sys.exit(_side_by_side(host, port, workers))


def _may_start(settings: Settings, host: str, port: int) -> None:
    if host not in LOOPBACK and settings.base_url is None:
        raise click.UsageError("PDCA_BASE_URL is required when others can reach this: the address people type")
    for complaint in doctor.schema_is_current():
        raise click.UsageError(complaint)
    db.engine.dispose()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(f"cannot listen on {host}:{port} ({error.strerror}); try --port") from None


# --- the parent ------------------------------------------------------------------------------------------


def _side_by_side(host: str, port: int, workers: int) -> int:
    _turn_signals_into_exit()
    web_only = ["serve", "--host", host, "--port", str(port), "--workers", str(workers), "--no-followup"]
    os.environ[BESIDE] = str(os.getpid())
    web = _start(*web_only)
    followup = Restarting("scheduler")
    try:
        while web.poll() is None:
            followup.look_after()
            time.sleep(PULSE_S)
        return web.returncode
    except SystemExit:
        return 0
    finally:
        _stop(web, followup.process)


class Restarting:
    """A process that is started again when it dies, each time a little later."""

    def __init__(self, *arguments: str) -> None:
        self.arguments = arguments
        self.pause = 1.0
        self.started = clock.elapsed()
        self.process = _start(*arguments)

    def look_after(self) -> None:
        """Start it again when it is gone and its pause is over."""
        if self.process.poll() is None:
            return
        lived = clock.elapsed() - self.started
        if lived < self.pause:
            return
        self.pause = 1.0 if lived > LONGEST_PAUSE_S else min(self.pause * 2, LONGEST_PAUSE_S)
        code = self.process.returncode
        click.echo(f"pdca: {self.arguments[0]} ended with {code}; started again", err=True)
        self.started = clock.elapsed()
        self.process = _start(*self.arguments)


def _start(*arguments: str) -> subprocess.Popen[bytes]:
    # Its own group: Ctrl-C reaches the parent only, which then stops both in order.
    command = [sys.executable, "-m", "pdca", *arguments]
    return subprocess.Popen(command, start_new_session=True, preexec_fn=_die_with_parent)  # noqa: PLW1509 - no threads here


def _die_with_parent() -> None:
    """Linux tells the child when its parent is killed; elsewhere it notices when its port is asked for again."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _turn_signals_into_exit() -> None:
    def leave(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)


def _stop(*processes: subprocess.Popen[bytes]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    deadline = clock.elapsed() + STOP_S
    for process in processes:
        try:
            process.wait(max(0.1, deadline - clock.elapsed()))
        except subprocess.TimeoutExpired:
            process.kill()


# --- the web ---------------------------------------------------------------------------------------------


def run_web(app: Flask, host: str, port: int, workers: int) -> None:
    """Run gunicorn in this process until it is told to stop."""
    from gunicorn.app.base import BaseApplication

    class Web(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in options(host, port, workers).items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            return app

    log.configure()
    sys.argv = sys.argv[:1]  # gunicorn reads no options of ours
    Web().run()


def options(host: str, port: int, workers: int) -> dict[str, object]:
    """How gunicorn runs: threads are made lazily, so open boards cost little."""
    return {
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "workers": workers,
        "worker_class": "gthread",
        # Built once, before the workers part; it holds no connection and no thread yet.
        "preload_app": True,
        "threads": 256,
        "worker_connections": 1000,
        "timeout": 120,
        "graceful_timeout": 10,
        "keepalive": 15,
        # We write our own line per request, without tokens.
        "accesslog": None,
        "errorlog": "-",
        "loglevel": "warning",
        # The application decides which proxies it believes (PDCA_TRUSTED_PROXIES).
        "forwarded_allow_ips": "",
        "control_socket_disable": True,
        "proc_name": "pdca",
    }
