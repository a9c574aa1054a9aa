"""Time PageRank in networkx, rustworkx and igraph beside ours, on a graph like that of benches/influence.rs.

100,000 nodes, 800,000 arcs, targets in proportion to the cube of a uniform number, damping 0.85, tolerance 1e-12 (as a
sum of absolute changes; igraph solves by prpack, which has a tolerance of its own). Building the graph and ranking it are timed
apart; the median of five runs is printed. Peers that are not installed are left out.

    pip install networkx numpy scipy rustworkx igraph
    cargo bench --no-default-features --bench influence --no-run     # prints the path of the bench
    python benches/peers/influence.py --bench PATH [--program target/release/advocate]

With --bench our kernel is timed in the same run (the row `build and PageRank of 800k arcs`, over a graph of its own that
has the same law, repeats and self-loops left in). With --program the whole program ranks the peers' own arcs from a file, reading
included, and its ranks are compared with theirs.
"""

import argparse
import csv
import importlib
import io
import os
import statistics
import subprocess
import tempfile
import time

import numpy as np

N_NODES, N_ARCS, RUNS = 100_000, 800_000, 5
DAMPING, TOLERANCE = 0.85, 1e-12


def timed(work):
    """Median seconds of `work` and its last result."""
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), result


def arcs_like_the_bench():
    """Arcs without repeats and self-loops: networkx holds one from a node to another, and all programs have the same."""
    random = np.random.default_rng(1)
    sources = random.integers(0, N_NODES, N_ARCS)
    targets = (random.random(N_ARCS) ** 3 * N_NODES).astype(int)
    return sorted({arc for arc in zip(sources.tolist(), targets.tolist()) if arc[0] != arc[1]})


def networkx_peer(nx, arcs):
    def build():
        graph = nx.DiGraph()
        graph.add_nodes_from(range(N_NODES))
        graph.add_edges_from(arcs)
        return graph

    def rank(graph):
        # networkx compares the sum of changes with n times the tolerance.
        ranks = nx.pagerank(graph, alpha=DAMPING, tol=TOLERANCE / N_NODES, max_iter=1000)
        return np.array([ranks[node] for node in range(N_NODES)])

    return build, rank


def rustworkx_peer(rx, arcs):
    def build():
        graph = rx.PyDiGraph()
        graph.add_nodes_from(range(N_NODES))
        graph.add_edges_from_no_data(arcs)
        return graph

    def rank(graph):
        ranks = rx.pagerank(graph, alpha=DAMPING, tol=TOLERANCE, max_iter=1000)
        return np.array([ranks[node] for node in range(N_NODES)])

    return build, rank


def igraph_peer(ig, arcs):
    def build():
        return ig.Graph(n=N_NODES, edges=arcs, directed=True)

    def rank(graph):
        return np.array(graph.pagerank(directed=True, damping=DAMPING, implementation="prpack"))

    return build, rank


PEERS = {"networkx": networkx_peer, "rustworkx": rustworkx_peer, "igraph": igraph_peer}


def run_peers(arcs):
    """Ranks by program, of those that are installed and converge."""
    ranks = {}
    for name, peer in PEERS.items():
        try:
            module = importlib.import_module(name)
        except ImportError:
            print(f"{name}: not installed")
            continue
        build, rank = peer(module, arcs)
        build_seconds, graph = timed(build)
        try:
            rank_seconds, ranks[name] = timed(lambda: rank(graph))
        except Exception as error:  # each has its own error for what did not converge
            print(f"{name} {module.__version__}: build {build_seconds:.3f} s, no ranks: {error}")
            continue
        print(f"{name} {module.__version__}: build {build_seconds:.3f} s, PageRank {rank_seconds:.3f} s")
    return ranks


def run_bench(path):
    """Our build and PageRank, as criterion tells it."""
    asked = [path, "--bench", "build and PageRank of 800k arcs"]
    print("advocate, kernel:")
    print(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.rstrip())


def run_program(path, arcs, ranks):
    """The whole program over the same arcs, and how far its ranks are from those of the peers."""
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "arcs.csv")
        with open(file, "w", encoding="utf-8") as out:
            out.write("from,to\n")
            out.writelines(f"{source},{target}\n" for source, target in arcs)
        # With a probability of 0 there is nothing to do for reach.
        asked = [path, "influence", "--edges", file, "--from", "from", "--to", "to", "--uniform", "0"]
        asked += ["--measures", "pagerank", "--format", "csv"]
        seconds, done = timed(lambda: subprocess.run(asked, capture_output=True, text=True, check=True))
    print(f"advocate, whole program with reading and printing: {seconds:.3f} s")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    nodes = np.array([int(row["node"]) for row in rows])
    own = np.array([float(row["page_rank"]) for row in rows])
    for name, others in ranks.items():
        if len(nodes) < N_NODES:
            # Nodes without arcs are not in the file; among the others, ranks are the same but for their sum.
            others = others[nodes] / others[nodes].sum()
            apart = np.abs(own / own.sum() - others).max()
        else:
            apart = np.abs(own - others[nodes]).max()
        print(f"largest difference to {name}: {apart:.1e} (the largest rank is {own.max():.1e})")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bench", help="the built bench of benches/influence.rs")
    arguments.add_argument("--program", help="the built program")
    asked = arguments.parse_args()
    if asked.bench:
        run_bench(asked.bench)
    arcs = arcs_like_the_bench()
    print(f"{N_NODES} nodes, {len(arcs)} arcs")
    ranks = run_peers(arcs)
    if asked.program:
        run_program(asked.program, arcs, ranks)


if __name__ == "__main__":
    main()
