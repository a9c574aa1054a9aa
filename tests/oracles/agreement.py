"""Fits of public data sets by statsmodels of every family, for tests/core/agreement.rs.

    python3 tests/oracles/agreement.py FOLDER_OF_THE_CLASSIC_DATA_SETS > tests/oracles/agreement.txt

The data stay where they are: R's classics in that folder, the others in the installed statsmodels. Only estimates are
written. A line `fit` names source, file, family, outcome, features, standard errors, weights and clusters; the lines
under it hold the numbers, intercept first. A feature `name=value` is 1 where the column has that value.
"""
import os
import sys

import numpy as np
import pandas as pd
import statsmodels
import statsmodels.api as sm
from statsmodels.miscmodels.ordinal_model import OrderedModel

FOLDERS = {"classic": sys.argv[1], "statsmodels": os.path.join(os.path.dirname(statsmodels.__file__), "datasets")}
SEPARATORS = {"anes96/anes96.csv": ("\t", "'"), "spector/spector.csv": (" ", "'")}


def column(data, name):
    if "=" in name:
        name, value = name.split("=")
        return (data[name].astype(str) == value).to_numpy(float)
    return data[name].to_numpy(float)


def fit(source, file, family, outcome, features, errors=("model", "hc1", "hc3"), weights=None, cluster=None):
    separator, quote = SEPARATORS.get(file, (",", '"'))
    data = pd.read_csv(os.path.join(FOLDERS[source], file), sep=separator, quotechar=quote, skipinitialspace=True)
    names = features.split(",")
    y = column(data, outcome)
    x = np.column_stack([np.ones(len(y))] + [column(data, name) for name in names])
    w = None if weights is None else column(data, weights)
    for error in errors + (("cluster",) if cluster else ()):
        options = {
            "model": {},
            "hc1": {"cov_type": "HC1"},
            "hc3": {"cov_type": "HC3"},
            "cluster": {"cov_type": "cluster",
                        "cov_kwds": {"groups": pd.factorize(data[cluster])[0]} if cluster else None},
        }[error]
        if family == "linear":
            if error != "model":
                options["use_t"] = True
            found = sm.WLS(y, x, weights=1.0 if w is None else w).fit(method="qr", **options)
        else:
            found = sm.Logit(y, x).fit(disp=0, tol=1e-14, maxiter=200, method="newton", **options)
        print("fit", source, file, family, outcome, features, error, weights or "-", cluster or "-", sep="\t")
        for what, values in [
            ("estimate", found.params), ("std_error", found.bse), ("p_value", found.pvalues),
            ("conf_low", found.conf_int()[:, 0]), ("log_likelihood", [found.llf]),
        ]:
            print(what, *[repr(float(value)) for value in values], sep="\t")


def ordered(y, x):
    """Slopes of the cumulative logit with their errors, and the log-likelihood.

    statsmodels finds the maximum; its own derivatives are differences with five digits, so that the gradient here is taken by
    complex steps, which lose none, and the errors by differences of it.
    """
    scale, codes = x.std(axis=0), np.unique(y, return_inverse=True)[1]
    model = OrderedModel(codes, x / scale, distr="logit")
    found = model.fit(method="bfgs", disp=0, maxiter=2000, gtol=1e-7).params
    k = x.shape[1]
    params = np.concatenate([model.transform_threshold_params(found)[1:-1], found[:k]])

    def value(at):
        bounds, latent = np.concatenate([[-np.inf], at[:-k], [np.inf]]), (x / scale) @ at[-k:]
        with np.errstate(all="ignore"):
            below = lambda place: np.where(place == 0, 0, np.where(place == len(bounds) - 1, 1,
                                           1 / (1 + np.exp(latent - np.nan_to_num(bounds[place])))))
            return np.log(below(codes + 1) - below(codes)).sum()

    def gradient(at):
        return np.array([value(at + 1e-30j * e).imag / 1e-30 for e in np.eye(len(at))])

    def hessian(at):
        rows = [(gradient(at + 1e-5 * e) - gradient(at - 1e-5 * e)) / 2e-5 for e in np.eye(len(at))]
        return (np.array(rows) + np.array(rows).T) / 2

    for _ in range(6):
        params = params - np.linalg.solve(hessian(params), gradient(params))
    errors = np.sqrt(np.diag(np.linalg.inv(-hessian(params))))
    return [("estimate", params[-k:] / scale), ("std_error", errors[-k:] / scale), ("log_likelihood", [value(params).real])]


def counts(family, y, x, options):
    """A Poisson or negative binomial fit; alpha stands on a line of its own."""
    if family == "poisson":
        found = sm.Poisson(y, x).fit(disp=0, method="newton", maxiter=200, tol=1e-14, **options)
        if options:
            # Of a model of counts statsmodels' HC1 leaves n / (n - k) out, which gives HC1 its name.
            n, k = x.shape
            return [("estimate", found.params), ("std_error", found.bse * np.sqrt(n / (n - k))),
                    ("log_likelihood", [found.llf])]
        # Without p-values, of which some are below 1e-190 and hang on the last digits of the errors.
        return [("estimate", found.params), ("std_error", found.bse), ("conf_low", found.conf_int()[:, 0]),
                ("log_likelihood", [found.llf])]
    model = sm.NegativeBinomial(y, x)
    start = model.fit(disp=0, method="bfgs", maxiter=5000, gtol=1e-8).params
    found = model.fit(start_params=start, disp=0, method="newton", maxiter=100, tol=1e-12)
    k = x.shape[1]
    return [("estimate", found.params[:k]), ("std_error", found.bse[:k]), ("alpha", found.params[k:]),
            ("log_likelihood", [found.llf])]


def likelihood(source, file, family, outcome, features, errors=("model",)):
    separator, quote = SEPARATORS.get(file, (",", '"'))
    data = pd.read_csv(os.path.join(FOLDERS[source], file), sep=separator, quotechar=quote, skipinitialspace=True)
    y, x = column(data, outcome), np.column_stack([column(data, name) for name in features.split(",")])
    for error in errors:
        options = {} if error == "model" else {"cov_type": "HC1"}
        lines = ordered(y, x) if family == "ordinal" else counts(family, y, sm.add_constant(x), options)
        print("fit", source, file, family, outcome, features, error, "-", "-", sep="\t")
        for what, values in lines:
            print(what, *[repr(float(value)) for value in values], sep="\t")


MODEL = ("model",)
fit("classic", "mtcars.csv", "linear", "mpg", "wt,hp,qsec,am", cluster="carb")
fit("classic", "mtcars.csv", "linear", "mpg", "hp,drat", weights="wt")
fit("classic", "mtcars.csv", "logistic", "am", "wt", MODEL)
fit("classic", "mtcars.csv", "logistic", "vs", "mpg,am", MODEL)
fit("classic", "swiss.csv", "linear", "Fertility", "Agriculture,Examination,Education,Catholic,Infant.Mortality",
    weights="Agriculture")
fit("classic", "attitude.csv", "linear", "rating", "complaints,privileges,learning,raises,critical,advance")
fit("classic", "stackloss.csv", "linear", "stack.loss", "Air.Flow,Water.Temp,Acid.Conc.", cluster="Water.Temp")
fit("classic", "LifeCycleSavings.csv", "linear", "sr", "pop15,pop75,dpi,ddpi")
fit("classic", "USJudgeRatings.csv", "linear", "RTEN", "CONT,INTG,DMNR,DILG,CFMG,DECI,PREP,FAMI,ORAL,WRIT,PHYS")
fit("classic", "poisons.csv", "linear", "time", "poison=2,poison=3,treat=B,treat=C,treat=D")
fit("classic", "swiss_binary_ordinal.csv", "logistic", "high", "Agriculture,Education,Catholic,Infant.Mortality", MODEL)
fit("statsmodels", "ccard/ccard.csv", "linear", "AVGEXP", "AGE,INCOME,INCOMESQ,OWNRENT", weights="INCOMESQ")
fit("statsmodels", "ccard/ccard.csv", "logistic", "OWNRENT", "AGE,INCOME", MODEL)
fit("statsmodels", "grunfeld/grunfeld.csv", "linear", "invest", "value,capital", cluster="firm")
fit("statsmodels", "statecrime/statecrime.csv", "linear", "murder", "hs_grad,poverty,single,white,urban")
fit("statsmodels", "copper/copper.csv", "linear", "WORLDCONSUMPTION", "COPPERPRICE,INCOMEINDEX,ALUMPRICE,INVENTORYINDEX")
fit("statsmodels", "scotland/scotvote.csv", "linear", "YES", "COUTAX,UNEMPF,MOR,ACT,GDP,AGE")
fit("statsmodels", "cpunish/cpunish.csv", "linear", "EXECUTIONS", "INCOME,PERPOVERTY,PERBLACK,VC100k96,SOUTH,DEGREE")
fit("statsmodels", "engel/engel.csv", "linear", "foodexp", "income")
fit("statsmodels", "committee/committee.csv", "linear", "BILLS104", "SIZE,SUBS,STAFF,PRESTIGE,BILLS103")
fit("statsmodels", "spector/spector.csv", "logistic", "GRADE", "GPA,TUCE,PSI", MODEL)
fit("statsmodels", "anes96/anes96.csv", "logistic", "vote", "PID,selfLR,age,educ,income,TVnews", MODEL, cluster="PID")
fit("statsmodels", "fair/fair.csv", "linear", "affairs",
    "rate_marriage,age,yrs_married,children,religious,educ,occupation,occupation_husb", cluster="occupation")
fit("statsmodels", "randhie/randhie.csv", "linear", "mdvis", "lncoins,idp,lpi,fmde,physlm,disea,hlthg,hlthf,hlthp")
fit("statsmodels", "randhie/randhie.csv", "logistic", "idp", "lncoins,fmde,disea,physlm", MODEL)
likelihood("statsmodels", "cpunish/cpunish.csv", "poisson", "EXECUTIONS", "PERPOVERTY,PERBLACK,VC100k96,SOUTH,DEGREE",
           ("model", "hc1"))
likelihood("statsmodels", "committee/committee.csv", "poisson", "BILLS104", "SIZE,SUBS,STAFF,PRESTIGE,BILLS103")
likelihood("statsmodels", "committee/committee.csv", "negative_binomial", "BILLS104", "SUBS,STAFF,PRESTIGE")
likelihood("statsmodels", "randhie/randhie.csv", "poisson", "mdvis", "lncoins,idp,lpi,fmde,physlm,disea,hlthg,hlthf,hlthp",
           ("model", "hc1"))
likelihood("statsmodels", "randhie/randhie.csv", "negative_binomial", "mdvis", "lncoins,idp,lpi,fmde,physlm,disea")
likelihood("statsmodels", "strikes/strikes.csv", "poisson", "duration", "iprod")
likelihood("statsmodels", "strikes/strikes.csv", "negative_binomial", "duration", "iprod")
likelihood("classic", "swiss_binary_ordinal.csv", "ordinal", "cat", "Agriculture,Education,Infant.Mortality")
likelihood("statsmodels", "fair/fair.csv", "ordinal", "rate_marriage", "age,yrs_married,religious,educ")
likelihood("statsmodels", "anes96/anes96.csv", "ordinal", "PID", "selfLR,age,educ,income,TVnews")
