/* roomy.c - preloaded into a program, tells of room on every file system, as there was a moment before it ran
 * full. */
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#define BLOCKS (1 << 24)

static void fill_vfs(struct statvfs *fs)
{
    memset(fs, 0, sizeof *fs);
    fs->f_bsize = fs->f_frsize = 4096;
    fs->f_blocks = fs->f_bfree = fs->f_bavail = BLOCKS;
}

static void fill_fs(struct statfs *fs)
{
    memset(fs, 0, sizeof *fs);
    fs->f_bsize = fs->f_frsize = 4096;
    fs->f_blocks = fs->f_bfree = fs->f_bavail = BLOCKS;
}

int statvfs(const char *restrict path, struct statvfs *restrict fs)
{
    (void)path;
    fill_vfs(fs);
    return 0;
}

int statfs(const char *path, struct statfs *fs)
{
    (void)path;
    fill_fs(fs);
    return 0;
}
