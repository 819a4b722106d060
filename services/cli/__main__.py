"""``python -m services.cli``: the same as ``sihu``."""

import sys

from services.cli.app import main

sys.exit(main())
