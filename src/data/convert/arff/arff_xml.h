/* arff_xml.h - Mulan's list of the attributes that are labels: <label name="..."/> anywhere in an XML
 * file. */
#ifndef DATA_CONVERT_ARFF_ARFF_XML_H
#define DATA_CONVERT_ARFF_ARFF_XML_H

#include <stdint.h>

#include "core/status.h"

/* The names in the file's order, as one block that mem_free releases. STATUS_DATA if there is none. */
enum status arff_xml_labels(const char *path, char ***names, int64_t *count);

#endif
