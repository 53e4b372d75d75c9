/* pages.c - the manual pages of the program, of its commands and of the configuration. */
#include <ctype.h>
#include <string.h>

#include "app/cli/commands/commands.h"
#include "app/config/topics/topics.h"
#include "app/manual/manual.h"
#include "app/manual/roff.h"

static void page_flags(FILE *out, unsigned sets)
{
    for (const struct flag *f = arguments_flags(); f->name; f++) {
        char term[64], value[64];
        if (!flag_is_in(f, sets)) continue;
        snprintf(term, sizeof term, "%s%c%s--%s", f->letter ? "-" : "", f->letter ? f->letter : ' ',
                 f->letter ? ", " : "", f->name);
        snprintf(value, sizeof value, "%s%s", f->value ? " " : "", f->value ? f->value : "");
        roff_term(out, f->letter ? term : term + 1, value, f->help);
    }
}

static void page_exit_codes(FILE *out)
{
    roff_section(out, "EXIT STATUS");
#define PAGE_CODE(name, code, text) roff_term(out, #code, "", text);
    STATUS_MAP(PAGE_CODE)
#undef PAGE_CODE
}

static void page_see_also(FILE *out, const char *text)
{
    roff_section(out, "SEE ALSO");
    roff_text(out, text);
}

void page_program(FILE *out)
{
    roff_begin(out, "ddp_train", 1, "data-parallel training of neural networks on CPUs");
    roff_section(out, "SYNOPSIS");
    roff_text(out, "[mpirun -np RANKS] ddp_train [COMMAND] [FLAGS]\n");
    roff_section(out, "DESCRIPTION");
    roff_text(
        out,
        "Trains neural networks on HDF5 data across MPI ranks. Every rank takes its share of each batch, gradients\n"
        "are summed, all ranks take the same step. The weights after every step are the same, to the bit, at any\n"
        "number of ranks. Without a command it trains; without a configuration it trains the built-in demo.\n");
    roff_section(out, "COMMANDS");
    for (const struct command *c = command_table; c->name; c++) {
        char synopsis[256];
        snprintf(synopsis, sizeof synopsis, " %s", c->synopsis);
        roff_term(out, c->name, synopsis, c->help);
    }
    roff_section(out, "FLAGS");
    roff_text(out, "Those of train; the page of each command has its own, such as ddp_train-eval(1).\n");
    page_flags(out, command_find(command_table, "train")->flags);
    roff_section(out, "ENVIRONMENT");
    roff_term(
        out, "DDP_TRAIN_SECTION_KEY", "",
        "sets a key of the configuration, as DDP_TRAIN_TRAIN_BATCH=256 sets train.batch; flags go before variables, "
        "variables before the file");
    roff_term(out, "OMPI_ALLOW_RUN_AS_ROOT, OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "",
              "both 1: Open MPI starts ranks as root");
    roff_section(out, "FILES");
    roff_term(out, "ddp_train.yaml", "", "the configuration, if none is named; see ddp_train.yaml(5)");
    roff_term(
        out, "runs/NAME-TIME/", "",
        "all files of a run: config.yaml, env.json, log.txt, metrics.jsonl, metrics.csv, report.json, report.html, "
        "confusion.csv, model.svg, checkpoints/");
    page_exit_codes(out);
    roff_section(out, "EXAMPLES");
    roff_text(out, "  ddp_train init\n"
                   "  mpirun -np 8 ddp_train\n"
                   "  mpirun -np 8 ddp_train train my.yaml --optim.lr=0.05 -o runs/a --resume auto\n"
                   "  ddp_train eval runs/a/checkpoints/final.h5 --data test.h5\n");
    page_see_also(out, "ddp_train.yaml(5), mpirun(1)\n");
}

void page_command(FILE *out, const struct command *c)
{
    char name[64];
    snprintf(name, sizeof name, "ddp_train-%s", c->name);
    roff_begin(out, name, 1, c->help);
    roff_section(out, "SYNOPSIS");
    fputs("ddp_train ", out);
    roff_plain(out, c->name);
    fputc(' ', out);
    roff_plain(out, c->synopsis);
    fputs(" [FLAGS]\n", out);
    roff_section(out, "DESCRIPTION");
    fprintf(out, "%c", toupper((unsigned char)*c->help));
    roff_plain(out, c->help + 1);
    fputs(".\n", out);
    if (c->details) roff_text(out, c->details);
    roff_section(out, "FLAGS");
    page_flags(out, c->flags);
    page_exit_codes(out);
    page_see_also(out, "ddp_train(1), ddp_train.yaml(5)\n");
}

static void page_entry(FILE *out, const char *name, const char *const *aliases, const char *help)
{
    char after[128] = "";
    for (size_t used = 0; aliases && *aliases && used < sizeof after; aliases++)
        used += (size_t)snprintf(after + used, sizeof after - used, "%s%s%s", used ? ", " : " (or ", *aliases,
                                 aliases[1] ? "" : ")");
    roff_term(out, name, after, help);
}

static void page_item(FILE *out, const struct topics_item *item)
{
    char after[256], text[1024];
    size_t used = (size_t)snprintf(text, sizeof text, "%s", item->help);
    snprintf(after, sizeof after, "%s%s%s (%s%s)", item->alias ? " (or " : "", item->alias ? item->alias : "",
             item->alias ? ")" : "", strcmp(item->value, "required") == 0 ? "" : "default: ", item->value);
    for (int i = 0; item->choices && item->choices[i] && used < sizeof text; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%s%s", i ? ", " : " (",
                             *item->choices[i] ? item->choices[i] : "''", item->choices[i + 1] ? "" : ")");
    if (item->of_entry) roff_indent(out);
    roff_term(out, item->name, after, text);
    if (item->of_entry) roff_outdent(out);
}

static void page_topic(FILE *out, const char *topic)
{
    static const struct topics_writer writer = {roff_text, page_entry, page_item};
    char title[32];
    size_t i = 0;
    for (; topic[i] && i + 1 < sizeof title; i++) title[i] = (char)toupper((unsigned char)topic[i]);
    title[i] = 0;
    roff_section(out, title);
    topics_write(topic, &writer, out);
}

void page_configuration(FILE *out)
{
    roff_begin(out, "ddp_train.yaml", 5, "configuration of ddp_train");
    roff_section(out, "DESCRIPTION");
    roff_text(
        out,
        "A YAML file that names data, model and recipe of a training. It is strict: an unknown key is an error, with\n"
        "its place. ddp_train init writes one to start from, ddp_train check tries one without training.\n"
        "\n"
        "  data:  {train: train.h5, val: test.h5}\n"
        "  model:\n"
        "    layers:\n"
        "      - conv2d: {out: 32, kernel: 3}\n"
        "      - relu\n"
        "      - linear: 10\n"
        "  train: {epochs: 10, batch: 512}\n"
        "  optim: {name: sgd, lr: 0.1, momentum: 0.9}\n");
    for (int i = 0; topics_at(i); i++) page_topic(out, topics_at(i));
    page_see_also(out, "ddp_train(1), ddp_train-init(1), ddp_train-check(1)\n");
}
