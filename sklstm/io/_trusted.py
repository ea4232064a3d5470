"""The types of this package that skops has to be told of."""

TRUSTED_TYPES = (
    "pathlib.PosixPath",
    "pathlib.WindowsPath",
    "sklstm.estimators._classifier.LSTMClassifier",
    "sklstm.estimators._conformal_classifier.ConformalClassifier",
    "sklstm.estimators._conformal_regressor.ConformalRegressor",
    "sklstm.estimators._conformity.Conformity",
    "sklstm.estimators._expected.Errors",
    "sklstm.estimators._expected.Expectation",
    "sklstm.estimators._forecast_regressor.ForecastRegressor",
    "sklstm.estimators._forecast_regressor.ForkingRegressor",
    "sklstm.estimators._forecast_regressor.ForkingSeq2SeqRegressor",
    "sklstm.estimators._forecast_regressor.Seq2SeqRegressor",
    "sklstm.estimators._outlier_detector.LSTMOutlierDetector",
    "sklstm.estimators._regressor.LSTMRegressor",
    "sklstm.estimators._seen_rows.SeenRows",
    "sklstm.samples._encoding.Layout",
    "sklstm.training._trained_model.TrainedModel",
    "sklstm.windows._context.Context",
    "sklstm.windows._reshaper.SequenceReshaper",
    "sklstm.windows._rows.Rows",
    "sklstm.windows._time.Step",
    "sklstm.windows._tokens.TokenEncoder",
    "sklstm.windows._transformer.SlidingWindowTransformer",
)
"""Names of the types that `skops.io.load` has to trust to read estimators of this package.

None of them runs what stands in a file: each takes its state as arrays and plain values.

Examples
--------
>>> from sklstm.io import TRUSTED_TYPES
>>> "sklstm.estimators._regressor.LSTMRegressor" in TRUSTED_TYPES
True
"""
