"""Everything that Argent itself ever says in a chat: a closed catalogue.

A person never sees a traceback, a provider's error or a path. What a notice leaves out is in the
log, under the same message.
"""

from collections.abc import Mapping
from types import MappingProxyType

NOTICES: Mapping[str, str] = MappingProxyType(
    {
        # A turn that failed; the names are those of `agents.errors`.
        "failed": "Something went wrong here, and I have no answer. Please try again.",
        "overloaded": "The model is overloaded right now. Please try again in a minute.",
        "busy": "The model has had too many requests. Please try again in a few minutes.",
        "unavailable": "I can't reach a model with the current settings. "
        "The owner can find out why with `argent models test`.",
        "too_long": "This conversation is too long for the model. Start afresh with /new.",
        "refused": "The model declined to answer that.",
        "garbled": "The model's answer was broken, so I can't show it. Please try again.",
        "unreachable": "I can't reach the model right now. Please try again in a minute.",
        "timeout": "The model took too long to answer. Please try again.",
        "too_many_steps": "I kept going in circles with that one and stopped. "
        "Please try to ask it differently.",
        # A message that was not run.
        "queue_full": "I still have {waiting} of your messages to answer, so I left this one out. "
        "Please send it again later, or /stop what is waiting.",
        "budget_gateway": "I have used up what I may use today. I go on at {reset}.",
        "budget_session": "This conversation has used up its budget for today. "
        "It goes on at {reset}.",
        "budget_person": "You have used up your budget for today. I go on at {reset}.",
        "limit_sender": "You have sent me {turns} messages in {minutes} minutes, and I take no "
        "more. I go on at {reset}.",
        "limit_group": "I have taken {turns} messages here in {minutes} minutes, and take no more. "
        "I go on at {reset}.",
        "pairing": "Hello! I don't know you yet. Please give this code to my owner, who can let "
        "you in with `argent pair approve {code}`:\n\n`{code}`\n\nIt is valid for {minutes} "
        "minutes.",
        "approved": "You are in. What can I do for you?",
        # An answer with a file.
        "file_not_sent": "I couldn't send the file {title} here.",
        # The first line of an answer that comes late.
        "late": "This arrived while I was away.",
        "late_one": "One of these arrived while I was away.",
        "late_some": "{count} messages arrived while I was away.",
        # The first line of an answer for which room had to be made.
        "compacted": "I summarised messages {first}-{last} to make room.",
        "dropped": "Messages {first}-{last} are too far back for me now. They stay in the history.",
        # The first line of an answer when something that was chosen is gone.
        "model_not_there": "The model {model} is not set up any more, so {instead} answers.",
        "skill_not_there": "The skill {skill} is not there any more, so I answer without it.",
        # Commands.
        "compacted_now": "I summarised messages {first}-{last}. "
        "Context: {before} tokens before, {after} now. `/compact undo` takes it back.",
        "nothing_to_compact": "There is nothing to summarise yet.",
        "compaction_undone": "I took the last summary back. Context: {tokens} tokens.",
        "nothing_to_undo": "There is no summary to take back.",
        "stopped": "Stopped.",
        "stopped_some": "Stopped. Messages that waited and were dropped: {waiting}.",
        "nothing_to_stop": "There is nothing to stop.",
        "cleared": "A new conversation. The old one is in the archive.",
        "cleared_erased": "A new conversation. The old one is erased for good.",
        "cleared_asking": "A new conversation. Shall I keep the old one in the archive (/keep), "
        "or erase all that we ever said here for good (/forget)? I keep it until you say.",
        "nothing_to_clear": "This conversation is already new.",
        # What a conversation is set to.
        "owner_only": "Only an owner can change that here.",
        "commands_off": "Commands change nothing here: the owner has switched them off.",
        "chosen": "{what} from your next message on: {value}. `{command} default` takes it back.",
        "chosen_unchecked": "{what} from your next message on: {value}. I couldn't ask whether "
        "it is there. `{command} default` takes it back.",
        "taken_back": "{what} from your next message on: {value}, as it is configured.",
        "title_set": "This conversation is called “{title}” now.",
        "title_taken_back": "This conversation has no title now.",
        "title_is": "This conversation is called “{title}”. `/title TEXT` gives it another title.",
        "no_title": "This conversation has no title. `/title TEXT` gives it one.",
        "not_like_that": "That can't be set: {why}",
        "no_such": "There is no {what} {given}.",
        "no_such_near": "There is no {what} {given}. Did you mean {near}?",
        "model_unusable": "{model} can't be used: {why}",
        "skill_unusable": "The skill {skill} can't be used: {why}",
        # Several conversations of one person.
        "begun": "A new conversation. /sessions shows the others.",
        "begun_as": "A new conversation, {called}. /sessions shows the others.",
        "switched": "This is {session}.",
        "no_such_session": "There is no conversation {called}. There are: {names}. "
        "`/new NAME` begins another.",
        "several_sessions": "That can be any of these: {names}. Which one?",
        "more_sessions": "And {count} more: `/session` finds them by name.",
        "sessions_how": "`/session NAME` goes to one, by its name or number; "
        "`/new NAME` begins another.",
        "name_unfit": "A conversation can't be called that: a name has at most {most} characters, "
        "among them a letter, and is not `{main}`.",
        "name_taken": "There is a conversation {called} already. `/session NAME` goes to it.",
        "renamed": "This conversation is {called} now.",
        "rename_how": "`/rename NAME` gives this conversation a name.",
        "private_only": "That is for private chats: here everybody shares one conversation.",
        "not_by_edit": "I didn't do that, as it came by an edit. Please send {command} again.",
        # Calls that wait for an owner.
        "approve": "Shall I use `{tool}` in `{session}`{title}? Material from outside is in that "
        "conversation and may have led me to it, so look closely. It would run exactly so:"
        "\n\n```\n{arguments}\n```\n\n`/approve {code}` lets me, `/deny {code}` does not. "
        "I wait for {minutes} minutes.",
        "call_approved": "I do it now, this once.",
        "call_denied": "I don't do it.",
        "no_such_call": "No call waits under that code: it was decided, is over, or never was.",
        "approve_in_private": "I take that in our private chat only, where nobody else writes.",
        # One person in several apps.
        "pair_code": "To go on with this conversation in another app, write this to me there, "
        "within {minutes} minutes:\n\n`/pair {code}`\n\nWhoever does may read and say here "
        "what you may, so give it to nobody else.",
        "pair_telegram": "In Telegram, this does it: {link}",
        "pair_private": "That is for private chats: write it to me alone, please.",
        "pair_unknown": "I don't know that code: it is wrong, was used, or has expired. `/pair` in "
        "the app where you already talk to me gives a new one.",
        "pair_wait": "That were too many wrong codes. I look at the next one in {minutes} minutes.",
        "pair_own_code": "That is this chat's own code: write it to me in another app.",
        "pair_already": "That is done: the two are linked already.",
        "pair_linked": "This chat is linked with others. `/unpair` parts it from them, and then "
        "it can be linked anew.",
        "pair_more_rights": "You may do more here than whoever made that code, and would share it "
        "with them. Make a code here with `/pair`, and enter that one there.",
        "pair_owner_already": "You are an owner already.",
        "pair_sure": "This links you with {called} on {account}: what you write here is then read "
        "there, too, and the other way round.",
        "pair_makes_owner": "It makes you an owner here.",
        "pair_agree": "If {called} is you, say `/pair {code} yes`. If not, do nothing.",
        "pair_button": "Yes, link us",
        "pair_done": "Linked. We go on in the conversation of {called} now, here as there. What we "
        "said here before is in the archive; `/unpair` brings it back.",
        "pair_told": "{called} on {account} is linked with you now, by the code that you made. If "
        "that was not you, say `/unpair`.",
        "pair_owner_now": "You are an owner now. What can I do for you?",
        "pair_parted": "This chat is on its own again. Whoever was let in through it no longer is.",
        "pair_parted_stranger": "This chat is on its own again. You were let in through the "
        "others, so I can't answer you here any more until an owner lets you in.",
        "pair_alone": "This chat is linked with no other.",
        "pair_configured": "That is set in my configuration: only whoever runs me can change it.",
        # Whether words stay.
        "keep_or_erase": "Our conversation has come to rest. Shall I keep it (/keep), or erase it "
        "for good (/forget)? I keep it until you say.",
        "kept": "I keep it.",
        "kept_not": "I don't keep what we say here: it is erased when our conversation ends.",
        "forget_sure": "Shall I erase all that we ever said here for good? "
        "`/forget yes` does, and nobody can bring it back.",
        "forgotten": "I erased all that we ever said here.",
        "nothing_to_forget": "There is nothing to erase.",
        "forget_owners": "Only an owner can erase what we say here.",
        # The owner's.
        "budget_used_up": "Today's budget is used up: I decline messages until {reset}. "
        "`argent usage` shows what it went into; `budget` in the settings says how much it is.",
        "storage_full": "My disk is full: I can't take new messages. They are safe with the "
        "platform, and I go on as soon as there is space.",
        "storage_failed": "My disk fails: I can't take new messages. See the log of the gateway.",
        "state_repaired": "I found damage in my stored state when I started, and set it aside. "
        "Nothing was overwritten; the log of the gateway names the files.",
        "settings_refused": "My settings were changed and can't be used like that, so I go on with "
        "those of before. `argent gateway reload` names what is wrong.",
        "settings_mended": "My settings can be used again, and are in effect.",
        "storage_back": "My disk takes writes again; I go on.",
    }
)


def notice(name: str, **facts: object) -> str:
    """The text of a notice. Raises KeyError for a name that is not in the catalogue."""
    return NOTICES[name].format(**facts)
