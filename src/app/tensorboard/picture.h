/* picture.h - a confusion matrix as a picture. Local function. Private to the app layer. */
#ifndef APP_TENSORBOARD_PICTURE_H
#define APP_TENSORBOARD_PICTURE_H

#include "io/png.h"

#define PICTURE_CLASSES 480 /* at most: one pixel each */

/* Draws confusion[true][predicted], a square of pixels for each count: white for none of the samples of a true class,
 * dark blue for all. No picture (data NULL) without a matrix or of more than PICTURE_CLASSES. Released with png_free.
 * Errors: STATUS_OTHER. */
enum status picture_create(struct png *p, int64_t classes, const int64_t *confusion);

#endif
