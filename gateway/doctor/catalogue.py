"""Every fault that can be found. docs/doctor.md lists them."""

from channels import probing
from channels.discord import faults as discord
from channels.probe import Fault
from channels.slack import faults as slack
from channels.telegram import faults as telegram
from gateway.doctor import (
    backups,
    clock,
    disk,
    doctor,
    folder,
    ledger,
    limits,
    models,
    running,
    sandbox,
    search,
    sessions,
    settings,
    unit,
    versions,
)

CATALOGUE: dict[str, tuple[Fault, ...]] = {
    "Settings": settings.FAULTS,
    "State folder": folder.FAULTS,
    "Disk": disk.FAULTS,
    "Ledger, sessions and search": ledger.FAULTS + sessions.FAULTS + search.FAULTS,
    "Accounts": probing.FAULTS + telegram.FAULTS + discord.FAULTS + slack.FAULTS,
    "Models": models.FAULTS,
    "Sandbox": sandbox.FAULTS,
    "The running gateway": running.FAULTS,
    "Service": unit.FAULTS,
    "Versions": versions.FAULTS,
    "Limits and clock": limits.FAULTS + clock.FAULTS,
    "Backups": backups.FAULTS,
    "The doctor itself": doctor.FAULTS,
}
"""By subject."""
