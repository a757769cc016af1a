"""``argent completion``: what a shell needs to complete the command line."""

from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    add_completion_class,
    get_completion_class,
    split_arg_string,
)

from gateway.cli.base import Command
from gateway.cli.invocation import Invocation
from gateway.cli.output import out

VARIABLE = "_ARGENT_COMPLETE"
"""What the scripts set when they ask; click's own protocol, by the program's name."""

_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' line response word
    COMPREPLY=()
    response=$(env COMP_LINE="$COMP_LINE" COMP_POINT="$COMP_POINT" \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null)
    for line in $response; do
        case "${line%%%%,*}" in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            *) printf -v word %%q "${line#*,}"; COMPREPLY+=("$word") ;;
        esac
    done
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    return 0
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""
_BREAKS = "=:"


class WholeWords(BashComplete):
    """Bash, which takes ``:`` and ``=`` for the ends of words: session keys are full of them.

    So the line is read as it is, and of each answer only what follows the last of them is told,
    for that is the word that Bash completes. It puts an answer into the line as it is: quoted, as
    a platform may call a chat what it likes.
    """

    source_template = _BASH

    def source(self) -> str:
        """The script. Bash older than 4.4 ignores what it does not know."""
        return self.source_template % self.source_vars()

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor, and the one that is being typed."""
        import os

        line = os.environ["COMP_LINE"][: int(os.environ["COMP_POINT"])]
        words = split_arg_string(line)
        typed = "" if not words or line[-1:].isspace() else words.pop()
        # Of --set=log.level=w, answers are for what stands behind the option.
        value = typed.partition("=")[2] if typed.startswith("-") else typed
        self._broken = max(value.rfind(each) for each in _BREAKS) + 1
        return words[1:], typed

    def format_completion(self, item: CompletionItem) -> str:
        """An answer, without what Bash takes for an earlier word."""
        return f"{item.type},{item.value[self._broken :]}"


def answer() -> None:
    """Let click answer a shell that asks, with our way for Bash."""
    add_completion_class(WholeWords)


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_obj
def completion(invocation: Invocation, shell: str) -> None:
    """Print the script that lets SHELL complete commands, options, sessions and settings.

    For Bash, put this into ~/.bashrc: eval "$(argent completion bash)"; for zsh, the same with
    zsh into ~/.zshrc, after compinit; for fish: argent completion fish >
    ~/.config/fish/completions/argent.fish
    """
    answer()
    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"{shell} is no shell that can be completed for")
    root = click.get_current_context().find_root().command
    script = made(root, {}, "argent", VARIABLE).source()
    invocation.show("completion", {"shell": shell, "script": script}, _print)


def _print(data: dict[str, Any]) -> None:
    out(data["script"], end="")
