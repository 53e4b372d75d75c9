/* bash.c - completion for bash (bash(1), Programmable Completion). It needs no other package. */
#include "app/cli/commands/commands.h"
#include "app/manual/manual.h"

static void bash_key(FILE *out, const char *key, const char *help, const char *values)
{
    (void)help;
    if (*values) fprintf(out, "    --%s) echo '%s' ;;\n", key, values);
}

static void bash_key_name(FILE *out, const char *key, const char *help, const char *values)
{
    (void)help, (void)values;
    fprintf(out, " --%s=", key);
}

static void bash_values(FILE *out)
{
    char words[WORDS_SIZE];
    fputs("_ddp_train_values() {\n    case $1 in\n", out);
    for (const struct flag *f = arguments_flags(); f->name; f++) {
        words_of_flag(f, words);
        if (*words) fprintf(out, "    --%s) echo '%s' ;;\n", f->name, words);
    }
    words_each_key(out, bash_key);
    fputs("    esac\n}\n\n", out);
}

static void bash_flags(FILE *out)
{
    fputs("_ddp_train_flags() {\n    case $1 in\n", out);
    for (const struct command *c = command_table; c->name; c++) {
        fprintf(out, "    %s) echo '", c->name);
        for (const struct flag *f = arguments_flags(); f->name; f++)
            if (flag_is_in(f, c->flags)) fprintf(out, "--%s ", f->name);
        fprintf(out, "'%s ;;\n", command_takes_keys(c) ? "\"$_ddp_train_keys\"" : "");
    }
    fputs("    esac\n}\n\n", out);
}

static void bash_names(FILE *out)
{
    char words[WORDS_SIZE];
    fputs("# Flags that take a value as the next word.\n_ddp_train_valued='", out);
    for (const struct flag *f = arguments_flags(); f->name; f++)
        if (f->value) fprintf(out, " --%s", f->name);
    fputs(" -c -o '\n_ddp_train_commands='", out);
    for (const struct command *c = command_table; c->name; c++) fprintf(out, "%s ", c->name);
    fputs("'\n_ddp_train_keys='", out);
    words_each_key(out, bash_key_name);
    fputs("'\n\n_ddp_train_after() {\n    case $1 in\n", out);
    for (const struct command *c = command_table; c->name; c++) {
        words_after(c, words);
        if (*words) fprintf(out, "    %s) echo '%s' ;;\n", c->name, words);
    }
    fputs("    esac\n}\n\n", out);
}

void completion_bash(FILE *out)
{
    fputs("# Completion of ddp_train for bash, written by the build from the program's own tables.\n\n", out);
    bash_names(out);
    bash_values(out);
    bash_flags(out);
    fputs(
        "# bash ends words at '=' as well, but --optim.lr=0.1 is one word of ours: `word` is that, and only what follows\n"
        "# its '=' is replaced.\n"
        "_ddp_train() {\n"
        "    local line=${COMP_LINE:0:COMP_POINT} command='' before='' words='' word i\n"
        "    word=${line##*[[:space:]]}\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        [[ -n $command || \" $_ddp_train_commands\" != *\" ${COMP_WORDS[i]} \"* ]] || command=${COMP_WORDS[i]}\n"
        "    done\n"
        "    ((COMP_CWORD < 1)) || before=${COMP_WORDS[COMP_CWORD - 1]}\n"
        "    COMPREPLY=()\n"
        "    compopt -o default\n"
        "    case $word in\n"
        "    --*=*) words=$(_ddp_train_values \"${word%%=*}\") word=${word#*=} ;;\n"
        "    -*)\n"
        "        words=$(_ddp_train_flags \"${command:-train}\")\n"
        "        compopt +o default\n"
        "        ;;\n"
        "    *)\n"
        "        if [[ $_ddp_train_valued == *\" $before \"* ]]; then\n"
        "            words=$(_ddp_train_values \"$before\")\n"
        "        elif [[ -z $command ]]; then\n"
        "            words=$_ddp_train_commands\n"
        "        elif [[ $command == \"$before\" ]]; then\n"
        "            words=$(_ddp_train_after \"$command\")\n"
        "        fi\n"
        "        ;;\n"
        "    esac\n"
        "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
        "    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace\n"
        "}\n\n"
        "complete -F _ddp_train ddp_train\n",
        out);
}
