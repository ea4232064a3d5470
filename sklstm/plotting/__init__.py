"""Pictures in scikit-learn's convention: a display holds the data, and `plot` draws it.

matplotlib is imported when something is drawn.
"""

from ._anomalies import AnomalyDisplay
from ._attributions import AttributionDisplay
from ._calibration import IntervalCalibrationDisplay
from ._forecast import ForecastDisplay
from ._gates import GateDisplay
from ._gradient_norms import GradientNormDisplay
from ._importance import ImportanceDisplay
from ._residuals import ResidualDisplay
from ._saturation import SaturationDisplay
from ._training_curve import TrainingCurveDisplay
from ._windows import WindowDisplay

__all__ = [
    "AnomalyDisplay",
    "AttributionDisplay",
    "ForecastDisplay",
    "GateDisplay",
    "GradientNormDisplay",
    "ImportanceDisplay",
    "IntervalCalibrationDisplay",
    "ResidualDisplay",
    "SaturationDisplay",
    "TrainingCurveDisplay",
    "WindowDisplay",
]
