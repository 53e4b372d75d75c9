/* h5_private.h - what the files of the HDF5 door share. */
#ifndef DDP_IO_H5_PRIVATE_H
#define DDP_IO_H5_PRIVATE_H

#define H5_USE_110_API /* the same calls with every HDF5 from 1.10 on */
#include <hdf5.h>

#include "ddp/h5.h"

struct h5 {
    hid_t file;
    char *path;
};

/* Silences HDF5's own printing. Before any other call; repeated calls are harmless. */
void h5_start(void);

/* The cause HDF5 gives for its last failure, in a buffer of this thread. Every call into HDF5 wipes the cause out, so
 * this comes first after a failure, before anything is closed. */
const char *h5_cause(void);

/* The HDF5 type of an element in memory. */
hid_t h5_native(enum h5_type type);

/* Describes an open dataset; `where` names the file for messages. */
enum status h5_describe(hid_t dataset, const char *where, const char *name, struct h5_info *info);

/* STATUS_DATA if the dataset, of the file `path`, is virtual and one of its sources is missing. */
enum status h5_check_sources(hid_t dataset, const char *path, const char *where);

/* Fills in the seal of a closed file; `path` names it in messages. */
enum status h5_seal(const char *temporary, const char *path, const char *label);

#endif
