"""People and machines are told: one message in every form, one file per kind of channel, one way to deliver."""

from tasks.shared.channels.deliveries import Delivery, is_told
from tasks.shared.channels.delivery import channel_problems, deliver
from tasks.shared.channels.message import File, Message, Picture
from tasks.shared.channels.secrets import with_channel_secrets

__all__ = [
    "Delivery",
    "File",
    "Message",
    "Picture",
    "channel_problems",
    "deliver",
    "is_told",
    "with_channel_secrets",
]
