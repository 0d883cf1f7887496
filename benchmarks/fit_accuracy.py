# SPDX-License-Identifier: BSD-3-Clause
"""How accurate is a fit? Errors against the Cramer-Rao bound, calibration, doublets, cosmic rays.

Run ``python benchmarks/fit_accuracy.py`` (``--n 500`` for a quick look). Prints tables, writes
``benchmarks/output/fit_accuracy.json`` and, with ``--figure FILE``, the figure of the documentation.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from _machine import machine
from scipy.optimize import least_squares
from scipy.stats import ncx2
from tqdm import tqdm

from strain2dos.raman import RamanFeaturizer

CENTERS, FWHM, HEIGHT = (384.0, 404.0), (3.0, 5.0), (100.0, 120.0)
LEVEL, SLOPE, MIDDLE = 50.0, 0.3, 395.0
SNRS = (5, 10, 20, 40, 100)
STEPS = (0.5, 0.7, 1.0, 1.4, 1.9)
SPLITS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0)


def line(x, center, fwhm, height):
    return height / (1 + 4 * ((x - center) / fwhm) ** 2)


def singlets(x, c1, c2, w1, w2, h1, h2, level, slope):
    return line(x, c1, w1, h1) + line(x, c2, w2, h2) + level + slope * (x - MIDDLE)


TRUTH = (*CENTERS, *FWHM, *HEIGHT, LEVEL, SLOPE)


def cramer_rao(x, truth, variance):
    """Least standard deviation of each parameter: full Fisher matrix, derivatives by differences."""
    columns = []
    for i, value in enumerate(truth):
        step = 1e-5 * max(abs(value), 1.0)
        up, down = list(truth), list(truth)
        up[i], down[i] = value + step, value - step
        columns.append((singlets(x, *up) - singlets(x, *down)) / (2 * step))
    J = np.column_stack(columns) / np.sqrt(variance)[:, None]
    return np.sqrt(np.diag(np.linalg.inv(J.T @ J)))


def positions(rng, n, step):
    """Lines anywhere between two points: a bias from the grid must not hide."""
    return [CENTERS[i] + rng.uniform(-0.5, 0.5, (n, 1)) * step for i in (0, 1)]


def center_errors(fit, c1, c2):
    names = ("E'_center", "A1'_center")
    estimate = np.column_stack([fit.params[:, fit.names.index(name)] for name in names])
    sigma = np.column_stack([fit.sigma[:, fit.names.index(name)] for name in names])
    return estimate - np.hstack([c1, c2]), sigma


def bound_ratio(n, snr, step, seed):
    rng = np.random.default_rng(seed)
    x = np.arange(340.0, 450.0, step)
    noise = HEIGHT[0] / snr
    c1, c2 = positions(rng, n, step)
    Y = singlets(x, c1, c2, *TRUTH[2:]) + rng.normal(0, noise, (n, x.size))
    featurizer = RamanFeaturizer(x, split=False).fit(Y[:2])
    fit = featurizer.fit_spectra(Y)
    ok = fit.status == 0
    error, sigma = center_errors(fit, c1, c2)
    # the bound depends on where the line lies between two points: averaged over positions
    kept = x[(x > CENTERS[0] - 22) & (x < CENTERS[1] + 22)]
    bounds = [
        cramer_rao(
            kept, (CENTERS[0] + s * step, CENTERS[1] + t * step, *TRUTH[2:]), np.full(kept.size, noise**2)
        )
        for s, t in zip(np.linspace(-0.5, 0.5, 12), np.roll(np.linspace(-0.5, 0.5, 12), 5), strict=True)
    ]
    bound = np.sqrt(np.mean(np.square(bounds), axis=0))[:2]
    return {
        "snr": snr,
        "step": step,
        "rmse_over_bound": (np.sqrt(np.mean(error[ok] ** 2, axis=0)) / bound).tolist(),
        "bound": bound.tolist(),
        "pull_std": np.std(error[ok] / sigma[ok], axis=0).tolist(),
        # the noise comes from each spectrum's own residuals: pulls follow Student's t
        "pull_std_of_t": float(np.sqrt((dof := fit.n_points[ok].mean() - 8) / (dof - 2))),
        "ok_share": float(ok.mean()),
    }


def pulls(n, noise, seed):
    """Mean and standard deviation of (estimate - truth) / sigma of all columns."""
    rng = np.random.default_rng(seed)
    x = np.arange(340.0, 450.0, 0.7)
    c1, c2 = positions(rng, n, 0.7)
    clean = singlets(x, c1, c2, *FWHM, 8 * HEIGHT[0], 8 * HEIGHT[1], 4 * LEVEL, SLOPE)
    Y = rng.poisson(clean) if noise == "poisson" else clean + rng.normal(0, 20, clean.shape)
    featurizer = RamanFeaturizer(x, split=False, noise=noise).fit(Y[:2])
    fit = featurizer.fit_spectra(Y)
    area = 0.5 * np.pi * 8 * np.array(HEIGHT) * np.array(FWHM)
    truth = {"E'_center": c1[:, 0], "A1'_center": c2[:, 0], "E'_fwhm": FWHM[0], "A1'_fwhm": FWHM[1]}
    truth |= {"E'_area": area[0], "A1'_area": area[1], "A1'-E'": (c2 - c1)[:, 0]}
    found = {}
    for name, value in truth.items():
        j = fit.names.index(name)
        pull = ((fit.params[:, j] - value) / fit.sigma[:, j])[fit.status == 0]
        found[name] = [float(pull.mean()), float(pull.std())]
    return found


def split_spectra(rng, n, split, step, snr, share):
    x = np.arange(340.0, 440.0, step)
    c1, c2 = positions(rng, n, step)
    parts = (share, 1.0 - share) if split > 0 else (1.0, 0.0)
    Y = sum(
        line(x, c1 + sign * split / 2, FWHM[0], part * HEIGHT[0])
        for sign, part in zip((-1, 1), parts, strict=True)
    )
    Y = Y + line(x, c2, FWHM[1], HEIGHT[1]) + LEVEL
    return x, Y + rng.normal(0, HEIGHT[0] / snr, Y.shape)


def best_power(split, step, snr, share, false_rate):
    """Share of doublets that the likelihood ratio (two more parameters) finds at a rate of false ones."""
    x = np.arange(340.0, 440.0, step)
    y = line(x, 384 - split / 2, FWHM[0], share * HEIGHT[0]) + line(
        x, 384 + split / 2, FWHM[0], (1 - share) * HEIGHT[0]
    )
    y = (y + line(x, 404, FWHM[1], HEIGHT[1])) * snr / HEIGHT[0]

    def residual(p):
        return line(x, *p[:3]) + line(x, *p[3:6]) + p[6] + p[7] * (x - MIDDLE) - y

    best = least_squares(residual, [384, 3 + split / 2, 0.8 * snr, 404, 5, 1.2 * snr, 0, 0], method="lm")
    threshold = ncx2.isf(false_rate, 2, 1e-12)
    return float(ncx2.sf(threshold, 2, 2 * best.cost))


def doublets(n, step, snr, seed, shares=(0.4, 0.6)):
    """Shares taken for doublets: singlets (split 0) and lines of random ``shares``."""
    rng = np.random.default_rng(seed)
    out = {}
    for split in (0.0, *SPLITS):
        share = rng.uniform(*shares, (n, 1))
        x, Y = split_spectra(rng, n, split, step, snr, share)
        fit = RamanFeaturizer(x).fit(Y[:2]).fit_spectra(Y)
        ideal = best_power(split, step, snr, 0.25 * sum(shares) + 0.5 * shares[0], 0.01) if split else 0.01
        out[f"{split:g}"] = {
            "called": float(np.mean(fit.split_probability > 0.5)),
            "ideal_at_1_percent": ideal,
        }
    return out


def cosmic_rays(n, seed):
    """Rise of the RMSE when one spectrum in twenty is hit, one to three points wide, 0.3 to 20 lines high.

    Every spectrum is hit, so that rare failures are counted; the rise follows from the share of a twentieth.
    """
    rng = np.random.default_rng(seed)
    x = np.arange(340.0, 450.0, 0.7)
    c1, c2 = positions(rng, n, 0.7)
    clean = singlets(x, c1, c2, *TRUTH[2:]) + rng.normal(0, 2.5, (n, x.size))
    hit = clean.copy()
    for row in range(n):
        start, length = rng.integers(20, x.size - 20), rng.integers(1, 4)
        hit[row, start : start + length] += rng.uniform(0.3, 20, length) * HEIGHT[0]
    out, square = {}, {}
    for name, Y, despike in (("clean", clean, True), ("hit", hit, True), ("hit, despike=False", hit, False)):
        fit = RamanFeaturizer(x, split=False, despike=despike).fit(Y[:2]).fit_spectra(Y)
        ok = fit.status == 0
        square[name] = np.mean(center_errors(fit, c1, c2)[0][ok] ** 2, axis=0)
        rise = np.sqrt(0.95 + 0.05 * square[name] / square["clean"]) - 1
        out[name] = {"rise": rise.tolist(), "ok_share": float(ok.mean())}
    return out


def report(results: dict) -> None:
    print("RMSE over the bound and standard deviation of (estimate - truth) / sigma, for E' and A1'")
    for row in results["bound"]:
        ratios = " ".join(f"{v:6.3f}" for v in (*row["rmse_over_bound"], *row["pull_std"]))
        setting = f"SNR {row['snr']:4d}, {row['step']:.1f} cm-1 a point"
        print(f"{setting}: {ratios} (Student's t {row['pull_std_of_t']:.3f}), fitted {row['ok_share']:.4f}")
    for noise, rows in results["pulls"].items():
        print(noise, {name: [round(v, 3) for v in row] for name, row in rows.items()})
    print("share called doublets, and that of an ideal likelihood ratio at 1 % false ones")
    for kind, step, rows in [(k, *item) for k in ("doublets", "unequal") for item in results[k].items()]:
        shares = {s: (round(r["called"], 4), round(r["ideal_at_1_percent"], 4)) for s, r in rows.items()}
        print(f"{kind}, {step} cm-1 a point", shares)
    print("cosmic rays", results["cosmic_rays"])


def draw(results: dict, path: Path) -> None:
    import matplotlib.pyplot as plt

    colors = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
    figure, axes = plt.subplots(1, 3, figsize=(13.5, 4), layout="constrained", dpi=110)
    for color, step in zip(colors, STEPS, strict=True):
        rows = [row for row in results["bound"] if row["step"] == step]
        label = f"{step:g} cm$^{{-1}}$ per point"
        snr, ratio = [row["snr"] for row in rows], [row["rmse_over_bound"][0] for row in rows]
        axes[0].loglog(snr, [row["bound"][0] for row in rows], "-", lw=1, color=color)
        axes[0].loglog(
            snr,
            [r * row["bound"][0] for r, row in zip(ratio, rows, strict=True)],
            "o",
            ms=5,
            color=color,
            label=label,
        )
    axes[0].set_xticks(SNRS, [str(snr) for snr in SNRS])
    axes[0].minorticks_off()
    axes[0].set(xlabel="Height of E' over noise", ylabel="RMSE of the center of E' (cm$^{-1}$)")
    axes[0].set_title("Centers; lines: Cramér-Rao bound")
    names = list(results["pulls"]["gaussian"])
    for shift, color, noise in zip((-0.12, 0.12), colors[:2], ("gaussian", "poisson"), strict=True):
        rows = results["pulls"][noise]
        mean, scatter = ([rows[name][i] for name in names] for i in (0, 1))
        style = {"fmt": "o", "ms": 5, "color": color, "capsize": 4, "label": f"{noise.capitalize()} noise"}
        axes[1].errorbar(np.arange(len(names)) + shift, mean, scatter, **style)
    for level in (-1, 1):
        axes[1].axhline(level, color="0.7", lw=1, ls="--")
    axes[1].set_xticks(range(len(names)), [name.replace("_", "\n") for name in names], fontsize="small")
    axes[1].set(ylabel="(estimate - truth) / stated error", ylim=(-1.6, 1.9))
    axes[1].set_title("Mean and scatter of all columns")
    for color, (step, rows) in zip(colors, results["doublets"].items(), strict=False):
        splits = [float(s) for s in rows]
        label = f"{float(step):g} cm$^{{-1}}$ per point"
        axes[2].plot(splits, [100 * r["called"] for r in rows.values()], "o", ms=5, color=color, label=label)
        ideal = [100 * r["ideal_at_1_percent"] for r in rows.values()]
        axes[2].plot(splits, ideal, "-", lw=1, color=color)
    axes[2].set(xlabel="Splitting of E' (cm$^{-1}$)", ylabel="Taken for a doublet (%)")
    axes[2].set_title("Doublets found; lines: ideal test, 1 % false")
    for ax in axes:
        ax.legend(frameon=False, fontsize="small")
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=10_000, help="spectra per setting")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "output" / "fit_accuracy.json")
    parser.add_argument("--figure", type=Path, help="PNG to write")
    options = parser.parse_args()
    n, grid = options.n, [(snr, step) for snr in SNRS for step in STEPS]
    bars = {"desc": "bound", "total": len(grid)}
    results = {
        "bound": [bound_ratio(n, *setting, seed) for seed, setting in enumerate(tqdm(grid, **bars))],
        "pulls": {noise: pulls(n, noise, 7) for noise in ("gaussian", "poisson")},
        "doublets": {
            f"{step:g}": doublets(n, step, 40, 11) for step in tqdm((0.5, 0.7, 1.0), desc="doublets")
        },
        "unequal": {f"{step:g}": doublets(n, step, 40, 11, (0.2, 0.35)) for step in (0.5, 0.7, 1.0)},
        "cosmic_rays": cosmic_rays(4 * n, 13),
    }
    report(results)
    if options.figure:
        draw(results, options.figure)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    host = machine("numpy", "scipy", "numba")
    options.output.write_text(json.dumps({"machine": host, "n": n, "results": results}, indent=1))


if __name__ == "__main__":
    main()
