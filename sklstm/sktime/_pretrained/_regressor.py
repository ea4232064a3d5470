"""The network as a regressor."""

from __future__ import annotations

from collections.abc import Sequence

from ...estimators._forecast_regressor import Seq2SeqRegressor


class PretrainedRegressor(Seq2SeqRegressor):
    """An encoder-decoder from views of series to what they do next.

    Its outputs are in units of the view, and continue none of its features.
    """

    quantile: Sequence[float]

    @property
    def _forecasts(self) -> bool:
        return False
