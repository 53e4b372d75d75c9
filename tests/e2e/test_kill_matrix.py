"""Ten runs of the kill matrix (kill_matrix.py), one for each way to disturb a run. KILL_MATRIX_RUNS=N makes N of them."""
# processors: 2
import os
import unittest

import harness
import kill_matrix


class KillMatrix(harness.Case):
    def test_disturbed_runs_end_in_the_same_bits(self):
        matrix = kill_matrix.Matrix(self.folder)
        runs = int(os.environ.get("KILL_MATRIX_RUNS", len(kill_matrix.WAYS)))
        for number in range(runs):
            with self.subTest(run=number):
                matrix.run(number, seed=1)
        self.assertGreaterEqual(sum(matrix.counts.values()), runs)
        print("\n".join(matrix.summary()))


if __name__ == "__main__":
    unittest.main()
