"""The library under ThreadSanitizer: several models in eight threads at once, in a build folder of its own."""
# processors: 2
import os
import subprocess
import sys
import unittest

import harness

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "api"))
import library  # noqa: E402


class Races(harness.Case):
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


if __name__ == "__main__":
    unittest.main()
