"""Under ThreadSanitizer, in a build folder of its own: the library, several models in eight threads at once; and the stores of samples,
whose threads read ahead."""
# processors: 2
import os
import subprocess
import sys
import unittest

import harness

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "api"))
import library  # noqa: E402


# Locks and threads of Open MPI and HDF5 are not instrumented.
STORE_OPTIONS = "halt_on_error=1:ignore_noninstrumented_modules=1"


class Races(harness.Case):
    def check_stores(self, build):
        """The threads beside the ranks that read ahead."""
        subprocess.run(["cmake", "-S", harness.SOURCE, "-B", build, "-DBUILD_TESTING=ON"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", build, "--parallel", "2", "--target", "data_test_store"], check=True, stdout=subprocess.DEVNULL)
        with subprocess.Popen(["mpirun", "-np", "2", os.path.join(build, "tests", "data_test_store")], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={**harness.environment(), "TSAN_OPTIONS": STORE_OPTIONS}) as process:
            text = process.communicate(timeout=300)[0]
        self.assertEqual(process.returncode, 0, text[-6000:])

    def test_eight_threads(self):
        build = self.path("build")
        subprocess.run(["cmake", "-S", harness.SOURCE, "-B", build, "-DDDP_TSAN=ON", "-DBUILD_TESTING=OFF", "-DDDP_LEVELS=v3",
                        "-DCMAKE_C_FLAGS_RELEASE=-O1 -g1"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", build, "--parallel", "2"], check=True, stdout=subprocess.DEVNULL)
        prefix = library.Prefix(self.path("prefix"), build)
        models = library.make_models(self)[:3] + [library.make_wide_model(self)]
        arguments = [word for m in models for word in (m.checkpoint, m.rows, m.out)]
        prefix.run(prefix.compile("threads.c"), 8, 512, *arguments, variables={"TSAN_OPTIONS": "halt_on_error=1"})
        for model in models:
            model.predict(os.path.join(build, "ddp_train"), {"TSAN_OPTIONS": "report_bugs=0"})  # Open MPI is not instrumented
            with open(model.out, "rb") as f:
                self.assertEqual(f.read(), model.expected(), model.out)
        self.check_stores(build)


if __name__ == "__main__":
    unittest.main()
