"""All that works on messages, joined: turns, commands, and the room that a turn needs."""

from gateway.approving import Approving
from gateway.asking import Forgetting
from gateway.begun_calls import BegunCalls
from gateway.choosing import Choosing
from gateway.compacting import Compacting
from gateway.conversation import Conversation
from gateway.doors import Doors
from gateway.events import TokensSpent
from gateway.ground import Ground, Host, Minds
from gateway.holding import Holding
from gateway.pair_commands import PairCommands
from gateway.passing import Sending
from gateway.purse import Purse
from gateway.side_sessions import SideSessions
from gateway.speaking import Speaking
from gateway.thinking import Thinking
from gateway.titling import Titling
from gateway.toolboxes import Toolboxes, basic_shelf, mcp_shelf
from gateway.tools.notes import notes_shelf
from gateway.tools.sessions import sessions_shelf
from gateway.whereabouts import Whereabouts


class Working:
    """What a gateway does with messages that it accepted."""

    def __init__(
        self,
        ground: Ground,
        minds: Minds,
        speaking: Speaking,
        holding: Holding,
        doors: Doors,
        host: Host,
    ) -> None:
        ledger, trouble, clock, keeping = (
            ground.ledger,
            ground.trouble,
            ground.clock,
            holding.keeping,
        )
        self.purse = Purse(
            ledger,
            trouble,
            ground.settings,
            clock,
            host.announce,
            lambda each: ground.feed.publish(TokensSpent(each.account, each.model, each.spent)),
        )
        sending = Sending(ledger, clock, host.submit)
        shelves = [
            basic_shelf(clock),
            *minds.shelves,
            sessions_shelf(ground.sessions, ledger, sending, ground.channels),
            notes_shelf(ledger.notes, clock, holding.people.same),
        ]
        if minds.mcp is not None:
            shelves.append(mcp_shelf(minds.mcp))
        whereabouts = Whereabouts(ground.sessions, holding.people.leads)
        self.approving = Approving(ground.channels, doors, whereabouts, clock)
        self.thinking = Thinking(
            speaking.streaming,
            speaking.signs,
            holding.attachments,
            ground.feed,
            Toolboxes(shelves),
            self.approving,
            BegunCalls(ledger, trouble, clock),
            is_owner=doors.is_owner,
            at_once=ground.settings.now.gateway.max_turns,
        )
        self.compacting = Compacting(keeping, self.thinking, clock, self.purse, ground.feed)
        self.choosing = Choosing(keeping, self.thinking, holding.offers, holding.profiles)
        self.conversation = Conversation(
            keeping=keeping,
            compacting=self.compacting,
            attachments=holding.attachments,
            thinking=self.thinking,
            closing=speaking.closing,
            life=holding.life,
            trouble=trouble,
            feed=ground.feed,
            clock=clock,
            purse=self.purse,
            titling=Titling(keeping, ledger, self.purse, clock, host.between, host.begin),
            doors=doors,
            books=(
                self.choosing.book,
                SideSessions(ledger, holding.routes, keeping, clock).book,
                Forgetting(holding.ending, trouble).book,
                self.approving.book,
                PairCommands(ground, holding, host).book,
            ),
        )
