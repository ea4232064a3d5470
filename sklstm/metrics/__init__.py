"""Metrics and scorers of targets that lie ahead, some of which are not yet known."""

from ._known import get_scorer, where_known

__all__ = ["get_scorer", "where_known"]
