"""What a web server imports. It never schedules: `pdca scheduler` or `pdca serve` does."""

import sys

from pdca import create_app
from pdca.config import SettingsError

try:
    app = create_app()
except SettingsError as error:
    sys.exit(f"pdca: {error}")
