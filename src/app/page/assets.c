/* assets.c - takes the files of assets/ into the program, each ended by a zero. */
#include "app/page/assets.h"

#define ASSET(name, file)                                                                                    \
    __asm__(".pushsection .rodata\n"                                                                         \
            ".globl " #name "\n.hidden " #name "\n" #name ":\n"                                              \
            ".incbin \"" DDP_PAGE_ASSETS "/" file "\"\n.byte 0\n"                                            \
            ".popsection\n")

ASSET(assets_css, "page.css");
ASSET(assets_charts, "charts.js");
ASSET(assets_tables, "tables.js");
ASSET(assets_page, "page.js");
