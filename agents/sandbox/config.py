"""The settings of the sandbox: which one, and what commands may use in it."""

from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, field_validator

from agents.sandbox import sizes
from agents.sandbox.limits import Hold, Limits
from state.keys import SessionType

SESSION_KEY = "<session_key>"
"""Stands for a session's id in the `workspace` setting."""


def _bytes(given: object) -> object:
    return sizes.parse(given) if isinstance(given, str) else given


Size = Annotated[
    int,
    BeforeValidator(_bytes, json_schema_input_type=int | str),
    PlainSerializer(sizes.written),
]
"""Bytes as `agents.sandbox.sizes` reads them."""

_SMALLEST_MEMORY = 32 << 20
_SMALLEST_DISK = 1 << 20
_SMALLEST_OUTPUT = 1 << 10


class Backend(StrEnum):
    """What a sandbox is made with."""

    AUTO = "auto"
    BUBBLEWRAP = "bubblewrap"
    DOCKER = "docker"
    PODMAN = "podman"
    LANDLOCK = "landlock"
    OFF = "off"


class TypeSettings(BaseModel):
    """What the commands of one type of session may use; what is not set is as for all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    memory: Size | None = Field(default=None, ge=_SMALLEST_MEMORY)
    """As `sandbox.memory`, there."""

    cpu: float | None = Field(default=None, ge=0.05, le=256)
    """As `sandbox.cpu`, there."""

    network: bool | None = None
    """As `sandbox.network`, there."""

    pids: int | None = Field(default=None, ge=8, le=100_000)
    """As `sandbox.pids`, there."""

    disk: Size | None = Field(default=None, ge=_SMALLEST_DISK)
    """As `sandbox.disk`, there."""

    files: int | None = Field(default=None, ge=16)
    """As `sandbox.files`, there."""

    wall: float | None = Field(default=None, ge=1, le=86_400)
    """As `sandbox.wall`, there."""

    output: Size | None = Field(default=None, ge=_SMALLEST_OUTPUT, le=16 << 20)
    """As `sandbox.output`, there."""


class MainSettings(TypeSettings):
    """The owner's own sessions."""

    sandboxed: bool = False
    """Whether commands run in the sandbox. Without one they can do what the gateway can, under the
    same limits of time and output."""


class DirectSettings(TypeSettings):
    """Other people's private chats."""

    sandboxed: bool = True
    """As `sandbox.main.sandboxed`."""


class SandboxSettings(BaseModel):
    """Where the commands run that a model asks for. Groups and topics are always sandboxed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backend: Backend = Backend.AUTO
    """`auto`: the first that passes its test here, of bubblewrap, a container (if `image` is set)
    and Landlock. `bubblewrap`, `docker`, `podman`, `landlock`: that one or none. `off`: none, so
    that sandboxed sessions have no `bash`."""

    image: str = ""
    """The image of the containers, for Docker or Podman; it must be there already."""

    required: bool = False
    """Whether the gateway refuses to start where no sandbox can be used."""

    min_limits: Hold = Hold.SOFT
    """`hard`: only a sandbox whose limits the kernel keeps (control groups); `soft`: also one whose
    processes are watched."""

    workspace: str = ""
    """The folder that a session's commands and file tools work in: `~/spaces/<session_key>`. Empty:
    `workspace` in the session's own folder."""

    memory: Size = Field(default=512 << 20, ge=_SMALLEST_MEMORY)
    """The memory of a command's processes together: `512m`, `2g`."""

    cpu: float = Field(default=1.0, ge=0.05, le=256)
    """Processors."""

    network: bool = False
    """Whether commands reach the network: all of the machine's, its own services included."""

    pids: int = Field(default=64, ge=8, le=100_000)
    """Processes and threads."""

    disk: Size = Field(default=1 << 30, ge=_SMALLEST_DISK)
    """What the workspace may hold: a command that goes beyond is ended."""

    files: int = Field(default=50_000, ge=16)
    """How many files and folders the workspace may hold."""

    wall: float = Field(default=60.0, ge=1, le=86_400)
    """Seconds that a command may take."""

    output: Size = Field(default=64 << 10, ge=_SMALLEST_OUTPUT, le=16 << 20)
    """How much is kept of what a command writes, of each of its two streams: half of it from the
    beginning, half from the end."""

    main: MainSettings = MainSettings()
    dm: DirectSettings = DirectSettings()
    group: TypeSettings = TypeSettings()
    topic: TypeSettings = TypeSettings()

    @field_validator("workspace")
    @classmethod
    def _one_for_each(cls, given: str) -> str:
        if not given:
            return given
        path = PurePosixPath(given)
        if SESSION_KEY not in path.parts or ".." in path.parts:
            raise ValueError(
                f"{given!r} would be shared: one folder of its path must be {SESSION_KEY}, "
                f"such as ~/spaces/{SESSION_KEY}"
            )
        if not given.startswith(("/", "~/")):
            raise ValueError(f"{given!r} depends on where Argent is started: begin it with / or ~/")
        return given

    @field_validator("image")
    @classmethod
    def _an_image(cls, given: str) -> str:
        # It stands among the options of a command line.
        if given.startswith("-") or any(c.isspace() for c in given):
            raise ValueError(f"{given!r} is no name of an image")
        return given

    def folder_of(self, session: str, own: PurePosixPath) -> PurePosixPath:
        """A session's workspace by its id; `own` is where it is without the `workspace` setting."""
        if not self.workspace:
            return own
        parts = PurePosixPath(self.workspace).parts
        return PurePosixPath(*(session if part == SESSION_KEY else part for part in parts))

    def of(self, kind: SessionType) -> "Policy":
        """What holds for the commands of a type of session."""
        own: TypeSettings = getattr(self, kind.value)

        def chosen(name: str) -> Any:
            value = getattr(own, name)
            return getattr(self, name) if value is None else value

        return Policy(
            limits=Limits(**{each.name: chosen(each.name) for each in fields(Limits)}),
            network=chosen("network"),
            sandboxed=getattr(own, "sandboxed", True),
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for the commands of a type of session."""

    limits: Limits
    network: bool
    sandboxed: bool
