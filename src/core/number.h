/* number.h - strict parsing of numbers, for YAML, flags, environment and arguments of layers.
 *
 * The whole text must be the number: "0.1abc", "1e", "" and " 1" are errors, "1e-3" is 0.001 and "1e3" is
 * the integer 1000. Local functions; errors are STATUS_CONFIG with a message that quotes the text. */
#ifndef CORE_NUMBER_H
#define CORE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

enum status number_parse_int(const char *text, int64_t *value);
enum status number_parse_real(const char *text, double *value); /* finite values only */
enum status number_parse_bool(const char *text, bool *value);   /* true/false, yes/no, on/off, 1/0 */

/* Parses a number fast and without a message, for large tables; a number beyond the range of double is
 * infinite. Returns false if the text is not a decimal number. */
bool number_scan(const char *text, double *value);

/* Writes the shortest decimal text that reads back as the same double, without an exponent below a million.
 */
#define NUMBER_TEXT_SIZE 32
void number_format(double value, char text[NUMBER_TEXT_SIZE]);

#endif
