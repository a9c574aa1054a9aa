"""Fits of public data sets by statsmodels, for tests/core/agreement.rs.

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
