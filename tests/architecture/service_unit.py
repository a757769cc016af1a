"""The unit in deploy/, as `argent service install` would write it for an installation in /opt.

``python -m tests.architecture.service_unit`` writes it anew.
"""

from pathlib import PurePosixPath

from gateway.unit_file import STATE, Installation, Scope, unit
from tests.architecture.sources import ROOT

PATH = ROOT / "deploy" / "argent.service"
EXAMPLE = Installation(
    Scope.SYSTEM,
    ("/opt/argent/bin/argent",),
    STATE,
    user="argent",
    reads=(PurePosixPath("/opt/argent"),),
)

if __name__ == "__main__":
    PATH.write_text(unit(EXAMPLE))
