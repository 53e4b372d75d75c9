/* deflate.h - what is known of every stream of deflate, plain or inside an HDF5 file. */
#ifndef IO_DEFLATE_H
#define IO_DEFLATE_H

#define DEFLATE_RATIO_MAX 1032 /* it grows by no more: 258 bytes of two bits */

#endif
