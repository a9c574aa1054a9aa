"""Do physicians follow those whom a rating puts high? The figures that src/influence/learned/simulated.rs holds.

125 physicians of the shared data name each other as advisers, friends and partners in discussion; `toa` is the month in which each adopted
a drug (18: never). The word goes from the one who is named to the one who names, and passes with one over the number of
those named (repeats counted). A physician is followed by whoever names them and adopts 1 or 2 months later. The rating at the
start is the rank of reach (40,000 forward simulations of each); months are shuffled among those who adopted.

    python3 tests/oracles/influence_physicians.py ../shared/data/physicians/medInnovations.csv
"""

import csv
import random
import sys

COLUMNS = [f"net{kind}_{place}" for kind in (1, 2, 3) for place in (1, 2, 3)]
SIMULATIONS, SHUFFLES, WINDOW = 40_000, 4_999, 2.0


def number(cell):
    try:
        return float(cell)
    except ValueError:
        return None


def ranks(values):
    """Middle ranks."""
    order = sorted(range(len(values)), key=lambda place: values[place])
    out, first = [0.0] * len(values), 0
    while first < len(order):
        last = first
        while last + 1 < len(order) and values[order[last + 1]] == values[order[first]]:
            last += 1
        for place in order[first : last + 1]:
            out[place] = (first + last) / 2
        first = last + 1
    return out


def pearson(left, right):
    mean_left, mean_right = sum(left) / len(left), sum(right) / len(right)
    cross = sum((a - mean_left) * (b - mean_right) for a, b in zip(left, right))
    scale = sum((a - mean_left) ** 2 for a in left) * sum((b - mean_right) ** 2 for b in right)
    return cross / scale**0.5 if scale > 0 else 0.0


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    who = {(number(row["city"]), number(row["id"])): place for place, row in reversed(list(enumerate(rows)))}
    edges = []
    for name in COLUMNS:
        for place, row in enumerate(rows):
            named = who.get((number(row["city"]), number(row[name]))) if number(row[name]) is not None else None
            if named is not None:
                edges.append((named, place))
    times = [number(row["toa"]) for row in rows]
    times = [time if time is not None and time < 17.5 else None for time in times]
    n_in = [0] * len(rows)
    for named, place in edges:
        n_in[place] += named != place
    out = [[] for _ in rows]
    for named, place in edges:
        if named != place:
            out[named].append(place)
    draw = random.Random(1)

    def reach(start):
        total = 0
        for _ in range(SIMULATIONS):
            met, queue = {start}, [start]
            for node in queue:
                for other in out[node]:
                    if other not in met and draw.random() * n_in[other] < 1:
                        met.add(other)
                        queue.append(other)
            total += len(met)
        return total / SIMULATIONS

    score = [reach(node) for node in range(len(rows))]
    actors = [node for node in range(len(rows)) if times[node] is not None]
    of_score = ranks([score[node] for node in actors])
    friends = [sorted(set(own)) for own in out]

    def deal(dates):
        count = [sum(dates[other] is not None and 0 < dates[other] - dates[node] <= WINDOW for other in friends[node]) for node in actors]
        return sum(count), pearson(of_score, ranks(count))

    truth = deal(times)
    dates, dealt = [times[node] for node in actors], []
    for _ in range(SHUFFLES):
        draw.shuffle(dates)
        again = [None] * len(rows)
        for node, date in zip(actors, dates):
            again[node] = date
        dealt.append(deal(again))
    share = lambda end: (1 + sum(own[end] >= truth[end] - 1e-12 for own in dealt)) / (SHUFFLES + 1)
    print(f"{len(rows)} physicians, {len(edges)} edges, {len(actors)} adopted")
    print(f"followed {truth[0]}, by shuffles {sum(own[0] for own in dealt) / SHUFFLES:.2f}, p {share(0):.4f}")
    print(f"correlation {truth[1]:.4f}, by shuffles {sum(own[1] for own in dealt) / SHUFFLES:.4f}, p {share(1):.4f}")


if __name__ == "__main__":
    main()
