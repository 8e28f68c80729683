"""The change feed: appended in the writer's transaction, sequenced once, read with a cursor."""

from chungsuc.changes.append import Change, append
from chungsuc.changes.moments import resolve_known_at
from chungsuc.changes.reader import FeedItem, FeedReader
from chungsuc.changes.routes import feed_router
from chungsuc.changes.sequencer import Sequencer

__all__ = [
    "Change",
    "FeedItem",
    "FeedReader",
    "Sequencer",
    "append",
    "feed_router",
    "resolve_known_at",
]
