"""Counts for `src/link/tests/marketplace.rs`, by loops over the files: events between survey and answer, second orders.

Usage: python3 marketplace_second_orders.py FOLDER_OF_THE_SAMPLE
An answer is asked at the last `review_creation_date` of its person that is not later. Needs nothing but Python.
"""
import collections, csv, datetime, sys


def rows(name):
    return csv.DictReader(open(f"{sys.argv[1]}/{name}.csv"))


def time(text):
    return datetime.datetime.fromisoformat(text)


person = {row["customer_id"]: row["customer_unique_id"] for row in rows("olist_customers_dataset")}
order = {row["order_id"]: (person[row["customer_id"]], time(row["order_purchase_timestamp"]))
         for row in rows("olist_orders_dataset") if row["customer_id"] in person}
answers = [(order[row["order_id"]][0], time(row["review_answer_timestamp"]), time(row["review_creation_date"]))
           for row in rows("reviews_compact") if row["order_id"] in order and row["review_answer_timestamp"]]
bought, invited = collections.defaultdict(list), collections.defaultdict(list)
for who, t in order.values():
    bought[who].append(t)
for who, _, t in answers:
    invited[who].append(t)

n_asked = n_events = n_with = n_at = 0
first = {}
for who, t, _ in answers:
    asked = max((i for i in invited[who] if i <= t), default=None)
    between = 0 if asked is None else sum(asked <= b < t for b in bought[who])
    n_asked, n_events, n_with = n_asked + (asked is not None), n_events + between, n_with + (between > 0)
    n_at += sum(b == t for b in bought[who])
    first_t, first_asked = first.get(who, (t, asked))
    known = [i for i in (first_asked, asked) if i is not None]
    first[who] = (min(first_t, t), min(known, default=None))
print("early", len(answers), n_asked, n_events, n_with, n_at)

second = {who: sorted(bought[who])[1] for who in first if len(bought[who]) > 1}
before_survey = sum(first[who][1] is not None and t < first[who][1] for who, t in second.items())
before_answer = sum(t < first[who][0] for who, t in second.items())
print("repeat buyers", len(first), len(second), before_survey, before_answer)
