/* example.c - classifies images: example CHECKPOINT ROWS, where ROWS is a file of uint8 rows without a
 * header. */
#include <ddp_train.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Prints the class of every row and its probability. */
static enum ddp_status classify(struct ddp_model *model, FILE *file)
{
    int64_t features = ddp_get_feature_count(model), outputs = ddp_get_output_count(model), class;
    uint8_t *row = malloc((size_t)features);
    float *probabilities = malloc((size_t)outputs * sizeof(float));
    struct ddp_results results = {.classes = &class, .probabilities = probabilities};
    enum ddp_status status = DDP_OK;
    while (status == DDP_OK && fread(row, (size_t)features, 1, file) == 1) {
        status = ddp_run_uint8(model, 1, features, row, &results);
        if (status != DDP_OK) break;
        const char *name = ddp_get_name(model, class);
        printf("%" PRId64 " %s %.9g\n", class, name ? name : "?", (double)probabilities[class]);
    }
    free(probabilities);
    free(row);
    return status;
}

int main(int argc, char **argv)
{
    struct ddp_model *model = NULL;
    FILE *file = argc == 3 ? fopen(argv[2], "rb") : NULL;
    if (!file) {
        fprintf(stderr, "usage: example CHECKPOINT ROWS\n");
        return 2;
    }
    enum ddp_status status = ddp_open(&model, argv[1]);
    if (status == DDP_OK) status = classify(model, file);
    if (status != DDP_OK) fprintf(stderr, "error %d: %s\n", (int)status, ddp_error_text());
    ddp_close(&model);
    fclose(file);
    return status;
}
