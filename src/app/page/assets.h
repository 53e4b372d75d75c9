/* assets.h - style and scripts of the page, as texts. Private to this folder. */
#ifndef APP_PAGE_ASSETS_H
#define APP_PAGE_ASSETS_H

extern const char assets_css[], assets_charts[], assets_tables[], assets_page[];

#endif
