# SPDX-License-Identifier: BSD-3-Clause
"""The featurizer and the separator keep scikit-learn's contract."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from strain2dos.raman import RamanFeaturizer, StrainDopingSeparator

ESTIMATORS = [
    RamanFeaturizer(),
    RamanFeaturizer(split=False),
    RamanFeaturizer(split=True, baseline_degree=0, n_jobs=1),
    RamanFeaturizer(reference="Si", despike=False, split=False),
    RamanFeaturizer(lineshape="pseudo_voigt", noise="poisson", features=("center",)),
    RamanFeaturizer(material="MoSe2", lineshape="gaussian"),
    RamanFeaturizer(material="graphene", modes=["G"]),
    StrainDopingSeparator(),
    StrainDopingSeparator(material="WS2", strain_rates=(-3.0, -1.0), doping_rates=(-0.3, -2.0)),
]


@parametrize_with_checks(ESTIMATORS)
def test_estimator_passes_every_scikit_learn_check(estimator, check):
    check(estimator)
