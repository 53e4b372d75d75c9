/* zip_file.h - writes small zip files with stored members, as PyTorch and NumPy do. */
#ifndef TESTS_IO_ZIP_FILE_H
#define TESTS_IO_ZIP_FILE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct zip_bytes {
    uint8_t bytes[8192];
    size_t size;
    uint8_t directory[4096];
    size_t directory_size;
    int members;
};

static inline void zip_put(uint8_t *to, size_t *size, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) to[(*size)++] = (uint8_t)(i < 8 ? value >> 8 * i : 0);
}

static inline uint32_t zip_checksum(const uint8_t *data, size_t size)
{
    uint32_t crc = ~0u;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

/* What the local header and the directory say of a member. */
static inline void zip_put_facts(uint8_t *to, size_t *size, const char *name, const void *data, size_t bytes)
{
    zip_put(to, size, 20, 2); /* version */
    zip_put(to, size, 0, 2);  /* flags */
    zip_put(to, size, 0, 2);  /* stored */
    zip_put(to, size, 0x21 << 16, 4);
    zip_put(to, size, zip_checksum(data, bytes), 4);
    zip_put(to, size, bytes, 4);
    zip_put(to, size, bytes, 4);
    zip_put(to, size, strlen(name), 2);
    zip_put(to, size, 0, 2); /* more fields */
}

static inline void zip_add(struct zip_bytes *z, const char *name, const void *data, size_t bytes)
{
    uint8_t *d = z->directory;
    size_t *n = &z->directory_size, start = z->size;
    zip_put(z->bytes, &z->size, 0x04034b50, 4);
    zip_put_facts(z->bytes, &z->size, name, data, bytes);
    memcpy(z->bytes + z->size, name, strlen(name));
    z->size += strlen(name);
    memcpy(z->bytes + z->size, data, bytes);
    z->size += bytes;
    zip_put(d, n, 0x02014b50, 4);
    zip_put(d, n, 20, 2);
    zip_put_facts(d, n, name, data, bytes);
    zip_put(d, n, 0, 2 + 2 + 2 + 4); /* comment, disk, attributes */
    zip_put(d, n, start, 4);
    memcpy(d + *n, name, strlen(name));
    *n += strlen(name);
    z->members++;
}

static inline void zip_end(struct zip_bytes *z)
{
    size_t start = z->size;
    memcpy(z->bytes + z->size, z->directory, z->directory_size);
    z->size += z->directory_size;
    zip_put(z->bytes, &z->size, 0x06054b50, 4);
    zip_put(z->bytes, &z->size, 0, 4);
    zip_put(z->bytes, &z->size, (uint64_t)z->members, 2);
    zip_put(z->bytes, &z->size, (uint64_t)z->members, 2);
    zip_put(z->bytes, &z->size, z->directory_size, 4);
    zip_put(z->bytes, &z->size, start, 4);
    zip_put(z->bytes, &z->size, 0, 2);
}

#endif
