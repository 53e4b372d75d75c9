/* name.c - what the files of a run's folder of checkpoints are called. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "train/checkpoint/checkpoint.h"

#define STEP_DIGITS 9

static const char *const names[CHECKPOINT_OTHER] = {
    [CHECKPOINT_FINAL] = "final.h5", [CHECKPOINT_BEST] = "best.h5", [CHECKPOINT_LAST] = "last.h5"};

void checkpoint_name(char name[CHECKPOINT_NAME_SIZE], enum checkpoint_kind kind, int64_t step)
{
    if (kind == CHECKPOINT_STEP)
        snprintf(name, CHECKPOINT_NAME_SIZE, "step-%0*" PRId64 ".h5", STEP_DIGITS, step);
    else
        snprintf(name, CHECKPOINT_NAME_SIZE, "%s", names[kind]);
}

enum checkpoint_kind checkpoint_kind(const char *name, int64_t *step)
{
    char again[CHECKPOINT_NAME_SIZE];
    bool numbered = sscanf(name, "step-%18" SCNd64 ".h5", step) == 1 && *step >= 0;
    if (!numbered) *step = -1;
    for (int kind = 0; kind < CHECKPOINT_OTHER; kind++) {
        if (kind == CHECKPOINT_STEP && !numbered) continue;
        checkpoint_name(again, kind, *step);
        if (strcmp(name, again) == 0) return kind;
    }
    *step = -1;
    return CHECKPOINT_OTHER;
}

enum checkpoint_kind checkpoint_kind_before(const char *name, const char **suffix)
{
    static const char ending[] = ".h5";
    char start[CHECKPOINT_NAME_SIZE];
    int64_t step;
    const char *found = strstr(name, ending);
    *suffix = found ? found + strlen(ending) : name + strlen(name);
    if (*suffix - name >= CHECKPOINT_NAME_SIZE) return CHECKPOINT_OTHER;
    memcpy(start, name, (size_t)(*suffix - name));
    start[*suffix - name] = '\0';
    return checkpoint_kind(start, &step);
}
