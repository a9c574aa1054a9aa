"""Time PageRank in networkx and rustworkx on a graph like that of benches/influence.rs.

100,000 nodes, 800,000 arcs, targets in proportion to the cube of a uniform number, damping 0.85, tolerance 1e-12 (as a
sum of absolute changes). Building the graph and ranking it are timed apart; the median of five runs is printed.

    pip install networkx numpy rustworkx scipy
    python benches/peers/influence.py
"""

import statistics
import time

import networkx as nx
import numpy as np
import rustworkx as rx

N_NODES, N_ARCS, RUNS = 100_000, 800_000, 5


def timed(work):
    """Median seconds of `work` and its last result."""
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), result


def main():
    random = np.random.default_rng(1)
    sources = random.integers(0, N_NODES, N_ARCS)
    targets = (random.random(N_ARCS) ** 3 * N_NODES).astype(int)
    # networkx holds one arc from a node to another; repeats and self-loops are left out for both.
    arcs = sorted({arc for arc in zip(sources.tolist(), targets.tolist()) if arc[0] != arc[1]})
    print(f"{N_NODES} nodes, {len(arcs)} arcs")

    def build_networkx():
        graph = nx.DiGraph()
        graph.add_nodes_from(range(N_NODES))
        graph.add_edges_from(arcs)
        return graph

    def build_rustworkx():
        graph = rx.PyDiGraph()
        graph.add_nodes_from(range(N_NODES))
        graph.add_edges_from_no_data(arcs)
        return graph

    # networkx compares the sum of changes with n times the tolerance.
    ranks = {
        "networkx": (build_networkx, lambda graph: nx.pagerank(graph, tol=1e-12 / N_NODES, max_iter=1000)),
        "rustworkx": (build_rustworkx, lambda graph: rx.pagerank(graph, tol=1e-12, max_iter=1000)),
    }
    for name, (build, rank) in ranks.items():
        build_seconds, graph = timed(build)
        try:
            rank_seconds, _ = timed(lambda: rank(graph))
        except (nx.PowerIterationFailedConvergence, rx.FailedToConverge) as error:
            print(f"{name}: build {build_seconds:.3f} s, did not converge: {error}")
            continue
        print(f"{name}: build {build_seconds:.3f} s, PageRank {rank_seconds:.3f} s")


if __name__ == "__main__":
    main()
