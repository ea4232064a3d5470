"""What docstrings share besides parameters: fitted attributes, and papers."""

from __future__ import annotations

# Attributes that all fitted estimators have: type and text by name.
FITTED = {
    "n_features_in_": (
        "int",
        "Number of columns of a 2-D X, or of features (the last axis) of a 3-D X.",
    ),
    "feature_names_in_": (
        "ndarray of str of shape (n_features_in_,)",
        "Names of the columns, if X had names that are all strings.",
    ),
    "n_epochs_": ("int", "Number of epochs trained."),
    "best_epoch_": (
        "int",
        """Epoch, counted from 1, whose weights are kept: the one of the least validation
        loss, or else the last.""",
    ),
    "validation_loss_curve_": (
        "list of float",
        """Mean validation loss of each epoch, NaN for one without validation; empty if none
        had any.""",
    ),
    "module_": (
        "torch.nn.Module",
        "The trained network, in eval mode. It takes standardised sequences.",
    ),
    "net_": ("skorch.NeuralNet", "The skorch net that trained it."),
}

# Papers by the label with which a text cites them, as in "[Gers2000]_".
REFERENCES = {
    "Cho2014": """Cho, K. et al. (2014). Learning phrase representations using RNN
        encoder-decoder for statistical machine translation. EMNLP.""",
    "Gers2000": """Gers, F. A. and Schmidhuber, J. (2000). Recurrent nets that time and
        count. IJCNN.""",
    "Gibbs2021": """Gibbs, I. and Candes, E. (2021). Adaptive conformal inference under
        distribution shift. NeurIPS.""",
    "Graves2012": """Graves, A. (2012). Supervised sequence labelling with recurrent neural
        networks. Springer.""",
    "Hoerl1970": """Hoerl, A. E. and Kennard, R. W. (1970). Ridge regression: biased
    estimation for nonorthogonal problems. Technometrics 12(1), 55-67.""",
    "Hochreiter1997": """Hochreiter, S. and Schmidhuber, J. (1997). Long short-term memory.
        Neural Computation, 9(8), 1735-1780.""",
    "Karim2018": """Karim, F. et al. (2018). LSTM fully convolutional networks for time
        series classification. IEEE Access, 6, 1662-1669.""",
    "Kim2022": """Kim, T. et al. (2022). Reversible instance normalization for accurate
        time-series forecasting against distribution shift. ICLR.""",
    "Lai2018": """Lai, G. et al. (2018). Modeling long- and short-term temporal patterns
        with deep neural networks. SIGIR.""",
    "Lin2023": """Lin, S. et al. (2023). SegRNN: Segment recurrent neural network for
        long-term time series forecasting. arXiv:2308.11200.""",
    "Nie2023": """Nie, Y. et al. (2023). A time series is worth 64 words: Long-term
        forecasting with transformers. ICLR.""",
    "Luong2015": """Luong, M.-T. et al. (2015). Effective approaches to attention-based
        neural machine translation. EMNLP.""",
    "Malhotra2015": """Malhotra, P. et al. (2015). Long short term memory networks for
        anomaly detection in time series. ESANN.""",
    "Malhotra2016": """Malhotra, P. et al. (2016). LSTM-based encoder-decoder for
        multi-sensor anomaly detection. arXiv:1607.00148.""",
    "Salinas2020": """Salinas, D. et al. (2020). DeepAR: Probabilistic forecasting with
        autoregressive recurrent networks. International Journal of Forecasting, 36(3),
        1181-1191.""",
    "Tallec2018": """Tallec, C. and Ollivier, Y. (2018). Can recurrent neural networks warp
        time? ICLR.""",
    "Vovk2005": """Vovk, V., Gammerman, A. and Shafer, G. (2005). Algorithmic learning in a
        random world. Springer.""",
    "Wen2017": """Wen, R. et al. (2017). A multi-horizon quantile recurrent forecaster.
        arXiv:1711.11053.""",
    "Zeng2023": """Zeng, A. et al. (2023). Are transformers effective for time series
        forecasting? AAAI.""",
}
