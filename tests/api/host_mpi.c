/* host_mpi.c - a program with MPI of its own: host_mpi CHECKPOINT ROWS OUT; all ranks must get the same. */
#include <mpi.h>

#include "rows.h"

int main(int argc, char **argv)
{
    struct ddp_model *m = NULL;
    int rank;
    CHECK(argc == 4);
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    CHECK(ddp_open(&m, argv[1]) == DDP_OK);
    struct rows rows = rows_read(m, argv[2]);
    struct answers mine = rows_run(m, &rows, rank == 0 ? rows.count : 5);
    struct answers first = rows_run(m, &rows, rows.count);
    MPI_Bcast(first.outputs, (int)(rows.count * ddp_get_output_count(m)), MPI_FLOAT, 0, MPI_COMM_WORLD);
    CHECK(answers_equal(&mine, &first));
    if (rank == 0) answers_write(&first, argv[3]);
    answers_free(&mine);
    answers_free(&first);
    free(rows.bytes);
    ddp_close(&m);
    MPI_Finalize();
    return 0;
}
