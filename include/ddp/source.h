/* source.h - where samples come from.
 *
 * A source is a numbered list of samples with features and class labels. Kinds stand in
 * src/data/source_registry.c; a locator chooses one by its prefix:
 *   FILE.h5 or FILE.h5:GROUP   an HDF5 file, or one group of it
 *   demo:train, demo:test      the built-in glyphs, drawn on the fly, no file needed
 *   synthetic:CxHxW:K:N        random features and labels for benchmarks: N samples, K classes
 * All functions are local; errors are STATUS_DATA with file, object and advice. Each rank opens its own. */
#ifndef DDP_SOURCE_H
#define DDP_SOURCE_H

#include <stdint.h>

#include "ddp/shape.h"
#include "ddp/status.h"

enum feature_type { FEATURE_U8, FEATURE_F32 }; /* float64 and wider integers are read as FEATURE_F32 */

static inline int64_t feature_bytes(enum feature_type type)
{
    return type == FEATURE_U8 ? 1 : 4;
}

static inline const char *feature_type_name(enum feature_type type)
{
    return type == FEATURE_U8 ? "uint8" : "float32";
}

struct source_info {
    int64_t samples;    /* > 0 */
    struct shape shape; /* (N,H,W) has c = 1; (N,F) has c = F, h = w = 1 */
    enum feature_type type;
    int64_t class_count; /* length of class_names, or 0 if the file has none */
    const char *const *class_names;
};

struct source;

/* x and y: object names inside the file, or NULL to look for the usual ones. */
enum status source_open(struct source **out, const char *locator, const char *x, const char *y);
void source_close(struct source **s);
const struct source_info *source_info(const struct source *s);

/* Reads samples first .. first+count-1: features [count][F] in the source's type and labels [count].
 * Errors: a read that fails, a label that does not fit in 0..2^31-2, NaN or Inf, each with the sample's
 * number. The upper bound of labels is checked by the caller, who knows K. */
enum status source_read(struct source *s, int64_t first, int64_t count, void *features, int32_t *labels);

#endif
