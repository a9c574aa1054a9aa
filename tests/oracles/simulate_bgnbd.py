"""Expected repeat purchases of the BG/NBD model, for src/simulate/purchases.rs.

Fader, Hardie and Lee (2005), "Counting your customers the easy way", Marketing Science 24(2), equation 10, checked
against numerical integration of (1 - exp(-rate p t)) / p over the gamma and beta distributions.
"""
from scipy.integrate import dblquad
from scipy.special import hyp2f1
from scipy.stats import beta, gamma

SHAPE, MEAN_RATE, A, B = 1.5, 4.5, 1.2, 10.0  # PurchaseModel::default()
ALPHA = SHAPE / MEAN_RATE

for years in (1, 3):
    z = years / (ALPHA + years)
    closed = (A + B - 1) / (A - 1) * (1 - (ALPHA / (ALPHA + years)) ** SHAPE * hyp2f1(SHAPE, B, A + B - 1, z))
    rate, chance = gamma(SHAPE, scale=1 / ALPHA), beta(A, B)
    integral, _ = dblquad(
        lambda p, r: rate.pdf(r) * chance.pdf(p) * (1 - 2.718281828459045 ** (-r * p * years)) / p,
        0, 60, 1e-12, 1, epsabs=1e-7,
    )
    print(years, closed, integral)
