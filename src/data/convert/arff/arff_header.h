/* arff_header.h - the part of an ARFF file up to @data. */
#ifndef DATA_CONVERT_ARFF_ARFF_HEADER_H
#define DATA_CONVERT_ARFF_ARFF_HEADER_H

#include "data/convert/table/private.h"

/* Reads the attributes into r->columns and stops behind @data. */
enum status arff_read_header(struct table_reader *r);

/* Puts "FILE: line N: " in front of the message. */
enum status arff_fail_line(const struct table_reader *r);

#endif
