/* records.c - writes TFRecord files. */
#include "app/tensorboard/records.h"

#include <stdint.h>

#define POLYNOMIAL 0x82f63b78u /* of CRC-32C (Castagnoli), lowest bit first */
#define MASK       0xa282ead8u

/* The crc of data that contain a crc would be weak: it is stored rotated, and with a constant added. */
static uint32_t records_checksum(const unsigned char *data, size_t bytes)
{
    uint32_t crc = ~0u;
    for (size_t i = 0; i < bytes; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + MASK;
}

/* Lowest byte first. */
static void records_put(unsigned char *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) out[i] = (unsigned char)(value >> 8 * i);
}

bool records_write(FILE *out, const void *data, size_t bytes)
{
    unsigned char head[12], tail[4];
    records_put(head, bytes, 8);
    records_put(head + 8, records_checksum(head, 8), 4);
    records_put(tail, records_checksum(data, bytes), 4);
    return fwrite(head, sizeof head, 1, out) == 1 && fwrite(data, 1, bytes, out) == bytes &&
           fwrite(tail, sizeof tail, 1, out) == 1 && fflush(out) == 0;
}
