"""From errors of forecasts to what is unusual, and from windows to rows."""

from ._tail_likelihood import TailLikelihood, tail_likelihood
from ._windows_to_points import windows_to_points

__all__ = ["TailLikelihood", "tail_likelihood", "windows_to_points"]
