/* output_range.h - what the outputs of a kind of layer can be, as far as losses depend on it. */
#ifndef NN_OUTPUT_RANGE_H
#define NN_OUTPUT_RANGE_H

enum output_range {
    RANGE_REAL,              /* any real number */
    RANGE_PROBABILITIES,     /* from 0 to 1 */
    RANGE_LOG_PROBABILITIES, /* logarithms of these: not above 0 */
};

/* A set of ranges; a layer with an empty set gives real numbers. */
#define RANGE_BIT(range) (1u << (range))

#endif
