"""All classes that a file may hold, with what there is to keep of each.

Whoever adds a fitted attribute to an estimator adds it here: one that is not listed is an
error when the estimator is saved, and so is one that a newer scikit-learn or sktime gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from ..files._codec import NO_CLASSES

# Behind a colon stand the classes of which a value, or what is in it, has to be: ``*`` is
# any estimator. All others are data.
_MODEL = "_model:TrainedModel"
# The module is imported when a file has one of its classes: the names are those below, and
# none is taken from a file.
_SKLEARN = {
    "sklearn.preprocessing": {
        "StandardScaler": "mean_ var_ scale_ n_samples_seen_",
        "MinMaxScaler": "min_ scale_ data_min_ data_max_ data_range_ n_samples_seen_",
        "MaxAbsScaler": "scale_ max_abs_ n_samples_seen_",
        "RobustScaler": "center_ scale_",
        "Normalizer": "",
        "PowerTransformer": "lambdas_ _scaler:StandardScaler",
        "QuantileTransformer": "n_quantiles_ quantiles_ references_",
        "OneHotEncoder": "categories_ drop_idx_ _drop_idx_after_grouping"
        " _infrequent_enabled _infrequent_indices _default_to_infrequent_mappings"
        " _n_features_outs",
        "OrdinalEncoder": "categories_ _missing_indices _infrequent_enabled"
        " _infrequent_indices _default_to_infrequent_mappings",
        "FunctionTransformer": "",
    },
    "sklearn.impute": {
        "SimpleImputer": "statistics_ indicator_:MissingIndicator _fit_dtype _fill_dtype",
        "MissingIndicator": "features_ _n_features _precomputed",
    },
    "sklearn.compose": {
        "ColumnTransformer": "transformers_:* output_indices_ sparse_output_ _columns"
        " _remainder:* _transformer_to_input_indices _transformers_feature_names_out"
        " _n_features _name_to_fitted_passthrough:*",
        "TransformedTargetRegressor": "regressor_:* transformer_:* _training_dim",
    },
    "sklearn.pipeline": {"Pipeline": "", "FeatureUnion": ""},
    "sklearn.frozen": {"FrozenEstimator": ""},
}
_OURS = {
    "sklstm.estimators": {
        "LSTMRegressor": _MODEL,
        "LSTMClassifier": _MODEL,
        "LSTMOutlierDetector": "offset_ _layout:Layout _errors:Errors",
        "ConformalRegressor": "estimator_:* _is_flat _uses_quantiles _covered"
        " _conformity:Conformity _seen:SeenRows",
        "ConformalClassifier": "estimator_:* _covered _conformity:Conformity"
        " _seen:SeenRows",
    },
    "sklstm.estimators._forecast_regressor": {
        "ForecastRegressor": _MODEL,
        "ForkingRegressor": _MODEL,
        "ForkingSeq2SeqRegressor": _MODEL,
        "Seq2SeqRegressor": _MODEL,
    },
    "sklstm.sktime._pretrained._regressor": {"PretrainedRegressor": _MODEL},
    "sklstm.windows": {
        "SlidingWindowTransformer": "lags_ _keys _fitted:Rows _step:Step _context:Context",
        "SequenceReshaper": "n_timesteps_ _static _dynamic",
        "TokenEncoder": "vocabulary_",
    },
}
_SCIKIT = "n_features_in_ feature_names_in_ _sklearn_output_config"
_SKTIME = {
    "LSTMForecaster": "model_:ForecastModel pretrained_model_:ForecastModel _y_columns"
    " _freq _channels:Channels _history:History _context:Panel",
    "PretrainedLSTMForecaster": "regressor_:PretrainedRegressor"
    " pretrained_regressor_:PretrainedRegressor season_length_ n_epochs_ _seed _n_ahead"
    " _freq _y_columns _history:History",
    "LSTMTimeSeriesClassifier": "estimator_:LSTMClassifier _channels classes_ n_classes_",
    "LSTMTimeSeriesRegressor": "estimator_:LSTMRegressor _channels _is_timed",
    "LSTMDetector": "detector_:LSTMOutlierDetector _cutter:SlidingWindowTransformer"
    " _usual:TailLikelihood _nothing:TailLikelihood threshold_ _knows_gaps _fitted _tail"
    " _X _y",
}
_BASE = (
    "_fh:ForecastingHorizon _cutoff _state _is_fitted _is_vectorized _converter_store_y"
    " _y_metadata _X_metadata _y_mtype_last_seen _y_inner_mtype _class_dictionary"
    " _estimator_type fit_time_ _config_dynamic _pretrained_attrs"
)
# What estimators are made of, by the arguments that make them again.
_PARTS = {
    "sklstm.windows._rows": {"Rows": "values groups time"},
    "sklstm.windows._time": {"Step": "freq asked longest groups longest_of"},
    "sklstm.windows._context": {
        "Context": "head:Rows tail:Rows n_head n_tail labels rounding n_lags"
    },
    "sklstm.samples._scaling": {"Scaling": "mean scale"},
    "sklstm.samples._encoding": {"Layout": "n_dims n_features_in feature_names_in"},
    "sklstm.estimators._expected": {
        "Expectation": "n_steps horizon",
        "Errors": "expectation:Expectation regressor:ForecastRegressor|Seq2SeqRegressor"
        " location scale size",
    },
    "sklstm.sktime._panel": {"Panel": "frame starts stops"},
    "sklstm.sktime._history": {"History": "pieces:Panel"},
    "sklstm.sktime._channels": {"Channels": "columns scaling:Scaling"},
    "sklstm.sktime._labels": {"Labels": "of"},
    "sklstm.sktime._calibration": {"Calibration": "loss:Loss steps scores adapted"},
    "sklstm.sktime._model": {
        "ForecastModel": "regressor:ForecastRegressor|ForkingRegressor|Seq2SeqRegressor"
        "|ForkingSeq2SeqRegressor window_length steps targets covariates known"
        " labels:Labels least_rows calibration:Calibration"
    },
    "sklstm.losses": {
        "Loss": "criterion:QuantileLoss|GaussianLoss|StudentTLoss|NegativeBinomialLoss|"
        "MixtureLoss link is_samplewise",
        "QuantileLoss": "quantile=levels",
        "GaussianLoss": "",
        "StudentTLoss": "",
        "NegativeBinomialLoss": "",
        "MixtureLoss": "n_mixtures",
    },
    "sktime.forecasting.base": {
        "ForecastingHorizon": "values=_values is_relative=_is_relative freq=_freq"
    },
    "sklearn.compose": {"make_column_selector": "pattern dtype_include dtype_exclude"},
}
# Those whose state is plain values, which they know how to give and to take.
_STATES = {
    "sklstm.training": ["TrainedModel"],
    "sklstm.anomaly": ["TailLikelihood"],
    "sklstm.estimators._conformity": ["Conformity"],
    "sklstm.estimators._seen_rows": ["SeenRows"],
}


@dataclass(frozen=True)
class Part:
    """An argument or an attribute of a class.

    Attributes
    ----------
    attribute : str
        Where an object has it.
    classes : frozenset of str
        Of which it may be.
    is_any : bool
        Whether it may be any estimator, or data.
    """

    attribute: str
    classes: frozenset[str] = NO_CLASSES
    is_any: bool = False


@dataclass(frozen=True)
class Known:
    """A class that a file may hold.

    Attributes
    ----------
    module, name : str
        Where it is.
    arguments : dict of str to Part or None, default=None
        Of a part of an estimator: what makes it. Those of an estimator are its parameters.
    attributes : dict of str to Part
        Of an estimator: what a fit may have set.
    has_state : bool, default=False
        Whether it gives and takes its state itself.
    """

    module: str
    name: str
    arguments: Mapping[str, Part] | None = None
    attributes: Mapping[str, Part] = field(default_factory=dict)
    has_state: bool = False

    @property
    def is_estimator(self) -> bool:
        """Whether a file may be of one."""
        return self.arguments is None and not self.has_state

    def find(self) -> type:
        """Give the class."""
        found: type = getattr(import_module(self.module), self.name)
        return found


def _parts(text: str) -> dict[str, Part]:
    """Read a row of the tables."""
    parts = {}
    for item in text.split():
        item, _, classes = item.partition(":")
        name, _, attribute = item.partition("=")
        names = frozenset(classes.split("|")) if classes else NO_CLASSES
        parts[name] = Part(attribute or name, names - {"*"}, "*" in names)
    return parts


def _all() -> dict[str, Known]:
    """Give all of the tables above by name."""
    rows = [*_rows(_SKLEARN | _OURS, _SCIKIT), *_rows({"sklstm.sktime": _SKTIME}, _BASE)]
    known = [Known(module, name, attributes=parts) for module, name, parts in rows]
    known += [Known(module, name, parts) for module, name, parts in _rows(_PARTS)]
    for module, names in _STATES.items():
        known += [Known(module, name, has_state=True) for name in names]
    return {one.name: one for one in known}


def _rows(
    modules: dict[str, dict[str, str]], common: str = ""
) -> Iterator[tuple[str, str, dict[str, Part]]]:
    for module, classes in modules.items():
        for name, text in classes.items():
            yield module, name, _parts(f"{text} {common}")


KNOWN = _all()
ESTIMATORS = frozenset(name for name, known in KNOWN.items() if known.is_estimator)
# What may stand where estimators do, one or in a list.
STEPS = ESTIMATORS | {"make_column_selector"}
# Parameters that are estimators, or hold some.
HOLDERS = frozenset(
    {
        *("steps", "transformers", "transformer_list", "remainder"),
        *("transformer", "regressor", "estimator"),
    }
)
# Parameters of scikit-learn's that have to be None: caches of pickles.
NONE_ONLY = frozenset({("Pipeline", "memory")})
# Numbers of which room is taken for as many values.
MOST = {"n_mixtures": 10_000}
# What is there for a while alone, or is made again with the estimator.
PASSING = frozenset({"_parent_callback_ctx", "_tags_dynamic"})


def known_class(value: Any) -> Known | None:
    """Find the entry of a value's class; a subclass is another class."""
    known = KNOWN.get(type(value).__name__)
    return known if known is not None and known.find() is type(value) else None
