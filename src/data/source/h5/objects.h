/* objects.h - the samples of a group that holds an object for each: a data set, or a group of its own.
 *
 * Objects are in the order of their names, byte by byte; one that is called class_names is none of them. Features are
 * the data set, or the one in the group that data.x names. Labels and weights are an attribute of the object, or a data
 * set in its group. All objects have the same shapes. Local functions. */
#ifndef DATA_SOURCE_H5_OBJECTS_H
#define DATA_SOURCE_H5_OBJECTS_H

#include "core/system/filestate.h"
#include "data/source/h5/features.h"
#include "data/source/h5/labels.h"

/* Where an object has numbers besides its features. */
struct objects_numbers {
    bool found, is_attribute;
    char name[FIND_NAME_SIZE];
    bool is_packed;      /* it stands for other numbers (h5.h) */
    struct h5_info info; /* of the first object */
};

struct objects {
    char path[FIND_NAME_SIZE];
    const char *group; /* "" = the root */
    struct filestate state;
    struct h5 *file, **pool;
    char **names; /* [count] */
    int64_t count;
    bool are_groups;
    char inside[FIND_NAME_SIZE]; /* of an object that is a group: the name of the features */
    struct h5_info stored;       /* of the features of the first object */
    const struct layout *layout; /* that it says itself, or NULL */
    struct features features;    /* x is the object that is open */
    struct labels labels;        /* without data sets */
    struct objects_numbers y, weights;
    double *weight_block; /* [labels.weight_width] */
    char **class_names;
    char where[2 * FIND_NAME_SIZE]; /* of labels */
};

/* objects_look.c: finds the objects, describes the first one in `info`, and checks that all others are alike, unless
 * that was noted. Errors: STATUS_DATA, naming file and object. */
enum status objects_look(struct objects *o, const struct source_options *options, struct source_info *info);

/* "GROUP/NAME", and of a group "GROUP/NAME/INSIDE", "" = the object itself. STATUS_DATA if it is too long. */
enum status objects_path(const struct objects *o, int64_t object, const char *inside,
                         char path[FIND_NAME_SIZE]);

/* Sets name and place of the features of an object, and opens them; o->features.x.data is closed by the caller. */
enum status objects_name_features(struct objects *o, int64_t object);
enum status objects_open_features(struct objects *o, int64_t object);

/* STATUS_DATA if the features of an object, of this description, have another shape than those of the first. */
enum status objects_check_shape(const struct objects *o, const struct h5_info *info);

#endif
