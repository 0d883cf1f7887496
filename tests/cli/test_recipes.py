# SPDX-License-Identifier: BSD-3-Clause
"""What the commands train on, and what they say of spectra that they leave out."""

from dataclasses import replace

from strain2dos import DOSExplainer
from strain2dos.cli._common.recipes import fit_raman, raman_pipeline, usable_and_flagged, usable_spectra
from strain2dos.datasets import make_raman_dos


def test_flagged_training_spectra_are_counted_by_their_flaw_and_the_others_explained():
    training = make_raman_dos(61, random_state=0)
    spectra = training.spectra.copy()
    spectra[[3, 5]], spectra[9] = 0.0, 7.0
    training = replace(training, spectra=spectra)
    pipeline = raman_pipeline(training, members=1, epochs=2, seed=0)
    rows, flagged = usable_and_flagged(pipeline, training)
    assert flagged == {"all points are zero": 2, "all points are equal": 1}
    assert sorted({*range(61)} - {*rows}) == [3, 5, 9]
    assert usable_spectra(pipeline, training).tolist() == rows.tolist()
    fit_raman(pipeline, training, rows)
    # the regressor of the pipeline takes NaN, its explanation only rows that are finite
    explainer = DOSExplainer.from_pipeline(pipeline, spectra[rows], max_background=4, random_state=0)
    assert explainer.explain(spectra[rows[:1]]).predictions.shape == (1, len(training.energies))
