/* zsh.c - completion for zsh (zshcompsys(1)). */
#include "app/cli/commands/commands.h"
#include "app/manual/manual.h"

/* Within single quotes, of a specification of _arguments. */
static void zsh_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\'", out);
        else if (*text == '[' || *text == ']' || *text == ':' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
}

/* What a value can be: ":NAME:(a b)", or a file. */
static void zsh_value(FILE *out, const char *name, const char *words)
{
    fputc(':', out);
    zsh_text(out, name);
    if (*words)
        fprintf(out, ":(%s)'", words);
    else
        fputs(":_files'", out);
}

static void zsh_key(FILE *out, const char *key, const char *help, const char *values)
{
    fprintf(out, "    '--%s=[", key);
    zsh_text(out, help);
    fputc(']', out);
    zsh_value(out, key, values);
    fputc('\n', out);
}

static void zsh_flag(FILE *out, const struct flag *f)
{
    char words[WORDS_SIZE];
    words_of_flag(f, words);
    if (f->letter) fprintf(out, " '-%c[", f->letter);
    for (int i = f->letter ? 0 : 1; i < 2; i++) {
        if (i) fprintf(out, " '--%s%s[", f->name, f->value ? "=" : "");
        zsh_text(out, f->help);
        fputc(']', out);
        if (f->value)
            zsh_value(out, f->value, words);
        else
            fputc('\'', out);
    }
}

static void zsh_command(FILE *out, const struct command *c)
{
    char words[WORDS_SIZE];
    words_after(c, words);
    fprintf(out, "    %s) _arguments -s", c->name);
    for (const struct flag *f = arguments_flags(); f->name; f++)
        if (flag_is_in(f, c->flags)) zsh_flag(out, f);
    if (command_takes_keys(c)) fputs(" $keys", out);
    if (*words) fprintf(out, " '1::word:(%s)'", words);
    fputs(" '*::file:_files' ;;\n", out);
}

void completion_zsh(FILE *out)
{
    fputs(
        "#compdef ddp_train\n# Completion of ddp_train for zsh, written by the build from the program's own tables.\n\n"
        "_ddp_train() {\n    local -a commands keys\n    local command=train\n    commands=(\n",
        out);
    for (const struct command *c = command_table; c->name; c++) {
        fprintf(out, "    '%s:", c->name);
        zsh_text(out, c->help);
        fputs("'\n", out);
    }
    fputs("    )\n    keys=(\n", out);
    words_each_key(out, zsh_key);
    fputs("    )\n"
          "    if ((CURRENT == 2)) && [[ $words[2] != -* ]]; then\n"
          "        _describe command commands\n"
          "        _files -g '*.(yaml|yml)'\n"
          "        return\n"
          "    fi\n"
          "    if ((${commands[(I)${words[2]}:*]})); then\n"
          "        command=$words[2]\n"
          "        shift words\n"
          "        ((CURRENT--))\n"
          "    fi\n"
          "    case $command in\n",
          out);
    for (const struct command *c = command_table; c->name; c++) zsh_command(out, c);
    fputs("    esac\n}\n\n_ddp_train \"$@\"\n", out);
}
