"""The channels under contract, each with the hands of a person on its other side."""

from tests.contracts.channels import discord, loopback, slack, telegram

RIGS = {**loopback.RIGS, **discord.RIGS, **telegram.RIGS, **slack.RIGS}
"""Every channel that there is; a new one joins here."""
