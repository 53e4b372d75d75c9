/* torch.c - writes layers as PyTorch code. */
#include "nn/export/torch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/number.h"

static const char *const torch_pad_modes[] = {"constant", "reflect", "replicate",
                                              "circular"}; /* enum pad_mode */

void torch_write_number(FILE *out, double value)
{
    char text[NUMBER_TEXT_SIZE];
    number_format(value, text);
    fprintf(out, isinf(value) ? "float(\"%s\")" : "%s", text);
}

void torch_write_axes(FILE *out, int axes, const int64_t values[SHAPE_AXES])
{
    bool same = true;
    for (int i = SHAPE_AXES - axes; i < SHAPE_AXES; i++) same = same && values[i] == values[SHAPE_AXES - 1];
    if (same) {
        fprintf(out, "%lld", (long long)values[SHAPE_AXES - 1]);
        return;
    }
    for (int i = SHAPE_AXES - axes; i < SHAPE_AXES; i++)
        fprintf(out, "%s%lld", i == SHAPE_AXES - axes ? "(" : ", ", (long long)values[i]);
    fputc(')', out);
}

void torch_write_shape(FILE *out, struct shape shape)
{
    int64_t dims[1 + SHAPE_AXES];
    int count = shape_dims(shape, dims);
    for (int i = 0; i < count; i++) fprintf(out, "%s%lld", i ? ", " : "", (long long)dims[i]);
}

void torch_write_part(FILE *out, struct shape part, const int64_t first[SHAPE_AXES])
{
    fputs("[:, :", out);
    for (int i = SHAPE_AXES - part.rank; i < SHAPE_AXES; i++)
        fprintf(out, ", %lld:%lld", (long long)first[i], (long long)(first[i] + part.d[i]));
    fputc(']', out);
}

/* A word in place of a number is null, in all tables whose arguments are those of a class. */
static void torch_write_value(FILE *out, const struct arg *arg, double value)
{
    if (arg->kind == ARG_BOOL)
        fputs(value != 0 ? "True" : "False", out);
    else if (arg->kind == ARG_CHOICE)
        fprintf(out, "\"%s\"", arg->choices[(int)value]);
    else if (arg->words && value < 0)
        fputs("None", out);
    else
        torch_write_number(out, value);
}

void torch_write_arguments(const struct layer *l, int first, int end, FILE *out)
{
    const struct arg *table = l->ops->args;
    for (int i = first; table && i < end && table[i].name; i++) {
        const struct arg *arg = &table[i];
        const double *slots = l->args + arg_slot(table, i);
        if (arg_equals(arg, slots, arg->default_value)) continue;
        fprintf(out, ", %s=", arg->alias ? arg->alias : arg->name);
        if (arg->axes == 0) {
            torch_write_value(out, arg, slots[0]);
            continue;
        }
        int64_t values[SHAPE_AXES];
        for (int a = 0; a < SHAPE_AXES; a++) values[a] = (int64_t)slots[a];
        torch_write_axes(out, arg->axes, values);
    }
}

int torch_axes(const struct layer *l)
{
    return l->ops->torch->axes ? l->ops->torch->axes : l->in[0].rank;
}

bool torch_write_module(const struct layer *l, FILE *out)
{
    const struct layer_torch *torch = l->ops->torch;
    char *text = NULL;
    size_t bytes = 0;
    if (torch->module) torch->module(l, out);
    if (torch->module || !torch->kind) return torch->module != NULL;
    FILE *list = open_memstream(&text, &bytes);
    if (!list) return false;
    if (torch->arguments) fprintf(list, ", %s", torch->arguments);
    torch_write_arguments(l, 0, ARG_MAX, list);
    fclose(list);
    fprintf(out, "%s%s(%s)", torch->definition ? "" : "nn.", torch->kind, bytes ? text + strlen(", ") : "");
    free(text);
    return true;
}

void torch_write_input(const struct layer *l, const struct torch_call *c)
{
    struct shape shape = l->in[0];
    fputs(c->inputs[0], c->out);
    if (shape.rank == torch_axes(l)) return;
    shape.rank = torch_axes(l);
    fputs(".reshape(-1, ", c->out);
    torch_write_shape(c->out, shape);
    fputc(')', c->out);
}

void torch_write_call(const struct layer *l, const struct torch_call *c)
{
    if (l->ops->torch->call) {
        l->ops->torch->call(l, c);
        return;
    }
    fprintf(c->out, "%s(", c->module);
    torch_write_input(l, c);
    fputc(')', c->out);
}

static bool torch_pads_so(const struct pad *p, enum pad_mode mode)
{
    for (int a = 0; a < SHAPE_AXES; a++)
        if (p->mode[a] == mode && (p->before[a] != 0 || p->after[a] != 0)) return true;
    return false;
}

void torch_open_pad(FILE *out, const struct pad *p)
{
    for (int mode = PAD_CONSTANT; mode <= PAD_CIRCULAR; mode++)
        if (torch_pads_so(p, mode)) fputs("F.pad(", out);
}

/* The constant comes last: it is in the corners where axes have several modes. torch counts axes from the last one. */
void torch_close_pad(FILE *out, const struct pad *p, int axes)
{
    for (int mode = PAD_CIRCULAR; mode >= PAD_CONSTANT; mode--) {
        if (!torch_pads_so(p, mode)) continue;
        for (int a = SHAPE_AXES - 1; a >= SHAPE_AXES - axes; a--) {
            bool here = p->mode[a] == (enum pad_mode)mode;
            fprintf(out, "%s%lld, %lld", a == SHAPE_AXES - 1 ? ", (" : ", ",
                    here ? (long long)p->before[a] : 0, here ? (long long)p->after[a] : 0);
        }
        fputc(')', out);
        if (mode != PAD_CONSTANT) fprintf(out, ", mode=\"%s\"", torch_pad_modes[mode]);
        if (mode == PAD_CONSTANT && p->value != 0) {
            fputs(", value=", out);
            torch_write_number(out, (double)p->value);
        }
        fputc(')', out);
    }
}
