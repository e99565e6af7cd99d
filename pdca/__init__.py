"""PDCA: improvement actions that are followed up to the end. `create_app()` is the table of contents."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from flask import Blueprint, Flask
from flask_migrate import Migrate

from pdca import cli, doctor, web
from pdca.config import HERE, ROOT, Settings, load_settings, secret_key
from pdca.db import db as database  # `pdca.db` must stay the module

# Each room may have models.py (tables), routes.py (blueprints), wiring.py (`install(app)`) and cli.py
# (`register_cli(app)`). The order is the order in which they may lean on each other.
ROOMS = ("mail", "people", "catalogue", "items", "aftercare", "followup", "board", "review", "exchange", "demo")

migrate = Migrate()


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application from its settings; raises `SettingsError` when one is missing or bad."""
    settings = settings or load_settings()
    app = Flask(
        "pdca",
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        instance_path=str(settings.instance),
    )
    _configure(app, settings)
    _furniture("models")
    database.init_app(app)
    migrate.init_app(app, database, directory=str(HERE / "migrations"), render_as_batch=True, compare_type=True)
    web.init_app(app)
    doctor.init_app(app)
    for module in _furniture("wiring"):
        module.install(app)
    for module in _furniture("routes"):
        for blueprint in _blueprints(module):
            app.register_blueprint(blueprint)
    cli.register_cli(app)
    for module in _furniture("cli"):
        module.register_cli(app)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.extensions["settings"] = settings
    app.config.update(
        SECRET_KEY=secret_key(settings),
        SECRET_KEY_FALLBACKS=[key.get_secret_value() for key in settings.secret_key_fallbacks],
        SQLALCHEMY_DATABASE_URI=settings.database,
    )


def _furniture(part: str) -> list[ModuleType]:
    """The modules of this name, in every room that has one."""
    names = [f"pdca.{room}.{part}" for room in ROOMS]
    found = [(name, find_spec(name)) for name in names]
    return [import_module(name) for name, spec in found if spec and spec.origin]


def _blueprints(module: ModuleType) -> list[Blueprint]:
    return [thing for thing in vars(module).values() if isinstance(thing, Blueprint)]
