# Spack: copy to a folder packages/ddp_train/ of a repository of yours, then `spack install ddp_train`.
from spack.package import *


class DdpTrain(CMakePackage):
    """Data-parallel training of neural networks on HDF5 data across MPI ranks, on CPUs, with the same bits at any
    number of ranks."""

    maintainers = []
    license("BSD-3-Clause", checked_by="the ddp_train authors")

    # There is no archive to download yet: `spack dev-build ddp_train@0.1.0`, or `spack develop`, in a source tree.
    version("0.1.0")

    depends_on("c", type="build")
    depends_on("cmake@3.20:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("random123")
    depends_on("mpi@3:")
    depends_on("openblas threads=none")
    depends_on("hdf5~mpi")
    depends_on("libyaml")
    depends_on("jansson")
    depends_on("xxhash")
    depends_on("libzip")
    depends_on("zlib-api")

    def cmake_args(self):
        return [self.define("BUILD_TESTING", self.run_tests)]
