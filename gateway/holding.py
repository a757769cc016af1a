"""All that holds conversations, joined: how they are opened, kept, reached and ended."""

from agents.config import MAIN
from gateway.agent_pool import AgentPool
from gateway.asking import Asking
from gateway.attachments import Attachments
from gateway.ending import Ending
from gateway.ground import Ground, Minds
from gateway.keeping import Keeping
from gateway.life import Life
from gateway.linking import Linking
from gateway.offers import Offers
from gateway.open_sessions import OpenSessions
from gateway.people import People
from gateway.profiles import Profiles
from gateway.routes import Routes
from gateway.setups import Setups, no_skills
from gateway.speaking import Speaking
from gateway.watching import Watch


class Holding:
    """The sessions of a gateway."""

    def __init__(self, ground: Ground, minds: Minds, speaking: Speaking, people: People) -> None:
        settings, sessions, ledger = ground.settings, ground.sessions, ground.ledger
        clock, skills = ground.clock, minds.skills

        def longest_file(account: str) -> int:
            found = settings.now.channels.get(account)
            return 0 if found is None else found.max_file_mb * 1_000_000

        self.attachments = Attachments(
            sessions,
            ground.channels,
            clock,
            limit=longest_file,
            workspace=minds.workspace,
        )
        self.profiles = Profiles(settings)
        self.pool = AgentPool(minds.agent, settings.now.agents.of(MAIN), minds.models)
        setups = Setups(self.profiles, self.pool, no_skills if skills is None else skills.open)
        self.opened = OpenSessions(
            sessions,
            contents=self.attachments.contents,
            setups=setups,
            person=people.named,
        )
        self.people = people
        self.linking = Linking(ledger, sessions, people, clock)
        self.routes = Routes(ledger, lambda: people.whois.aliases)
        self.watch = Watch(ledger, clock)
        kept = self.profiles.kept
        self.ending = Ending(sessions, ledger, self.opened, clock, kept, self.watch)
        asking = Asking(sessions, ledger, ground.channels, speaking.delivery, clock, kept)
        self.life = Life(
            sessions,
            ledger,
            self.opened,
            clock,
            ending=self.ending,
            ask=asking.ask,
            gone=self.routes.gone,
        )
        self.keeping = Keeping(sessions, self.opened, ground.trouble, clock, self.ending)
        self.offers = Offers(self.profiles, self.pool, skills, lambda: settings.now.mcp)
