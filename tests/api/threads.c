/* threads.c - several models, used by several threads at once: threads THREADS CHUNK {CHECKPOINT ROWS OUT}...
 *
 * Every thread opens all models once more for itself, runs the shared ones and its own ones, each thread in
 * another order and in chunks of another size (a multiple of CHUNK), and all must give the same.
 *
 * Opening forks a child. The sanitizers of GCC 12 do not release the locks of their allocators in a child, as
 * glibc does, so with them all models are opened before the threads begin. */
#include <pthread.h>

#include "rows.h"

#define MODELS_MAX  16
#define THREADS_MAX 64

static struct ddp_model *models[MODELS_MAX];
static struct rows rows[MODELS_MAX];
static struct answers expected[MODELS_MAX];
static char **paths;
static int model_count;
static int64_t chunk;

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define OPENS_EARLY 1
#else
#define OPENS_EARLY 0
#endif
static struct ddp_model *own_models[THREADS_MAX][MODELS_MAX];

static void compare(struct ddp_model *m, int i, int64_t rows_per_call)
{
    struct answers a = rows_run(m, &rows[i], rows_per_call);
    CHECK(answers_equal(&a, &expected[i]));
    answers_free(&a);
}

static void *work(void *number)
{
    int thread = *(int *)number;
    for (int k = 0; k < model_count; k++) {
        int i = (k + thread) % model_count;
        struct ddp_model **own = &own_models[thread][i];
        if (!OPENS_EARLY) CHECK(ddp_open(own, paths[3 * i]) == DDP_OK);
        compare(*own, i, chunk * (1 + thread));
        compare(models[i], i, chunk * (1 + (thread + k) % 3));
        ddp_close(own);
        CHECK(ddp_run_uint8(NULL, 1, 1, NULL, NULL) == DDP_ERROR_ARGUMENT &&
              strstr(ddp_error_text(), "model is NULL"));
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS_MAX];
    int numbers[THREADS_MAX], thread_count = atoi(argv[1]);
    chunk = atoll(argv[2]);
    paths = argv + 3;
    model_count = (argc - 3) / 3;
    CHECK(thread_count <= THREADS_MAX && model_count >= 1 && model_count <= MODELS_MAX);
    for (int i = 0; i < model_count; i++) {
        CHECK(ddp_open(&models[i], paths[3 * i]) == DDP_OK);
        rows[i] = rows_read(models[i], paths[3 * i + 1]);
        expected[i] = rows_run(models[i], &rows[i], rows[i].count);
        answers_write(&expected[i], paths[3 * i + 2]);
    }
    for (int t = 0; OPENS_EARLY && t < thread_count; t++)
        for (int i = 0; i < model_count; i++) CHECK(ddp_open(&own_models[t][i], paths[3 * i]) == DDP_OK);
    for (int t = 0; t < thread_count; t++) {
        numbers[t] = t;
        CHECK(pthread_create(&threads[t], NULL, work, &numbers[t]) == 0);
    }
    for (int t = 0; t < thread_count; t++) CHECK(pthread_join(threads[t], NULL) == 0);
    for (int i = 0; i < model_count; i++) {
        answers_free(&expected[i]);
        free(rows[i].bytes);
        ddp_close(&models[i]);
    }
    return 0;
}
