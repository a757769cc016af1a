"""A message's fields by what they are for, where its content is new or cannot be read.

https://core.telegram.org/bots/api#message
"""

from collections.abc import Iterable, Mapping

from state.messages import Attachment, AttachmentKind

ESSENTIAL = frozenset(
    {
        "message_id", "message_thread_id", "is_topic_message", "date", "edit_date", "chat", "from",
        "sender_chat", "text", "entities", "caption", "caption_entities", "forward_origin",
        "via_bot", "migrate_to_chat_id", "migrate_from_chat_id",
    }
)  # fmt: skip
"""Who said what, where and when, and whether the words are their own: never left out."""

_CONTEXT = ESSENTIAL | {
    "reply_to_message", "external_reply", "quote", "reply_to_story", "reply_markup",
    "link_preview_options", "sender_business_bot", "direct_messages_topic", "suggested_post_info",
    "guest_bot_caller_user", "guest_bot_caller_chat", "forward_from", "forward_from_chat",
}  # fmt: skip

_SERVICE = frozenset(
    {
        "new_chat_members", "new_chat_member", "new_chat_participant", "left_chat_member",
        "left_chat_participant", "new_chat_title", "new_chat_photo", "delete_chat_photo",
        "group_chat_created", "supergroup_chat_created", "channel_chat_created",
        "message_auto_delete_timer_changed", "migrate_to_chat_id", "migrate_from_chat_id",
        "pinned_message", "successful_payment", "refunded_payment", "user_shared", "users_shared",
        "chat_shared", "gift", "unique_gift", "gift_upgrade_sent", "connected_website",
        "write_access_allowed", "passport_data", "proximity_alert_triggered", "boost_added",
        "chat_background_set", "checklist_tasks_done", "checklist_tasks_added",
        "direct_message_price_changed", "forum_topic_created", "forum_topic_edited",
        "forum_topic_closed", "forum_topic_reopened", "general_forum_topic_hidden",
        "general_forum_topic_unhidden", "giveaway_created", "giveaway_completed",
        "paid_message_price_changed", "suggested_post_approved", "suggested_post_approval_failed",
        "suggested_post_declined", "suggested_post_paid", "suggested_post_refunded",
        "video_chat_scheduled", "video_chat_started", "video_chat_ended",
        "video_chat_participants_invited", "voice_chat_scheduled", "voice_chat_started",
        "voice_chat_ended", "voice_chat_participants_invited", "web_app_data",
        "chat_owner_changed", "chat_owner_left", "managed_bot_created", "poll_option_added",
        "poll_option_deleted",
    }
)  # fmt: skip
"""What Telegram itself says; nobody waits for an answer to it."""


def unknown_content(body: Mapping[str, object]) -> tuple[Attachment, ...]:
    """The content of a message in which nothing known was found; none of a service message's."""
    if not _SERVICE.isdisjoint(body):
        return ()
    # Content comes as an object or a list; a bare value is a remark about the message.
    return left_out(
        name
        for name, value in body.items()
        if name not in _CONTEXT and isinstance(value, dict | list) and value
    )


def left_out(names: Iterable[str]) -> tuple[Attachment, ...]:
    """Parts that cannot be read, as something that came with the message."""
    return tuple(
        Attachment(AttachmentKind.OTHER, name=name.replace("_", " "))
        for name in names
        if name not in _SERVICE
    )
