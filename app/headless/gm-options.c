/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "gm-options.h"

typedef enum
{
  OPTION_HEADLESS,
  OPTION_JOB,      /* stands for a key of the job file */
  OPTION_MODE,
  OPTION_RUN,      /* a mode that is about a run */
  OPTION_JSON,
  OPTION_QUIET,
  OPTION_RUN_DIR,
  OPTION_FIRST,
  OPTION_REUSE,
  OPTION_JOBLOG,
  OPTION_RESUME,
  OPTION_RETRY,
} OptionKind;

typedef struct
{
  const char *name;
  char        letter;
  OptionKind  kind;
  GmMode      mode;
  const char *key;    /* of the job file */
  const char *value;  /* what to call it in the help; NULL: the option has none */
  const char *help;
} Option;

static const Option options[] = {
  { "headless", 0, OPTION_HEADLESS, .help = "run here, without a window" },
  { "processes", 'j', OPTION_JOB, .key = "processes", .value = "N",
    .help = "so many workers, or \"auto\"" },
  { "start-method", 0, OPTION_JOB, .key = "start_method", .value = "METHOD",
    .help = "fork, spawn or forkserver" },
  { "chunksize", 0, OPTION_JOB, .key = "chunksize", .value = "N",
    .help = "items a worker reserves at once, or \"auto\"" },
  { "timeout", 0, OPTION_JOB, .key = "timeout", .value = "SECONDS",
    .help = "end the whole job after this time" },
  { "task-timeout", 0, OPTION_JOB, .key = "task_timeout", .value = "SECONDS",
    .help = "end one attempt of one item after this time, or \"300%\" of the median" },
  { "retries", 0, OPTION_JOB, .key = "retries", .value = "N",
    .help = "further attempts after error, crash or timeout" },
  { "on-error", 0, OPTION_JOB, .key = "on_error", .value = "WHAT",
    .help = "continue, stop, pause, or stop after so many failed items: N or N%" },
  { "log-level", 0, OPTION_JOB, .key = "log_level", .value = "LEVEL",
    .help = "DEBUG, INFO, WARNING or ERROR" },
  { "json", 0, OPTION_JSON, .help = "print outcomes, one JSON object a line, as they come" },
  { "quiet", 0, OPTION_QUIET, .help = "no progress on the terminal" },
  { "run-dir", 0, OPTION_RUN_DIR, .value = "DIR",
    .help = "keep the run here; must be empty or not exist" },
  { "first", 0, OPTION_FIRST, .value = "N", .help = "only the first N items" },
  { "dry-run", 0, OPTION_MODE, GM_MODE_DRY_RUN, .help = "print what would run, run nothing" },
  { "check", 0, OPTION_MODE, GM_MODE_CHECK, .help = "look for mistakes in the job file only" },
  { "resume", 0, OPTION_RESUME, .value = "RUN", .help = "go on with a run: what was not done" },
  { "retry-failed", 0, OPTION_RETRY, .value = "RUN",
    .help = "run again what is not ok in a run" },
  { "reuse", 0, OPTION_REUSE, .value = "RUN",
    .help = "take over what is ok in a run for equal items and task" },
  { "joblog", 0, OPTION_JOBLOG, .value = "FILE",
    .help = "write GNU parallel's job log; +FILE appends to one" },
  { "list", 0, OPTION_MODE, GM_MODE_LIST,
    .help = "the runs there are, newest first; with --json one object a line" },
  { "status", 0, OPTION_RUN, GM_MODE_STATUS, .value = "RUN",
    .help = "how far a run is; with --json one object" },
  { "watch", 0, OPTION_RUN, GM_MODE_WATCH, .value = "RUN",
    .help = "follow a live run as if it had been started here" },
  { "cancel", 0, OPTION_RUN, GM_MODE_CANCEL, .value = "RUN",
    .help = "end a live run and what it runs" },
  { "drain", 0, OPTION_RUN, GM_MODE_DRAIN, .value = "RUN",
    .help = "end a live run when what it runs has ended" },
  { "pause", 0, OPTION_RUN, GM_MODE_PAUSE, .value = "RUN",
    .help = "stop a live run and what it runs, to go on later" },
  { "unpause", 0, OPTION_RUN, GM_MODE_UNPAUSE, .value = "RUN",
    .help = "let a paused run go on" },
  { "resize", 0, OPTION_RUN, GM_MODE_RESIZE, .value = "RUN:N",
    .help = "give a live run so many workers" },
  { "remove", 0, OPTION_RUN, GM_MODE_REMOVE, .value = "RUN",
    .help = "delete a run that is not live" },
  { "version", 0, OPTION_MODE, GM_MODE_VERSION, .help = "print the version" },
  { "help", 'h', OPTION_MODE, GM_MODE_HELP, .help = "print this" },
};

/* One option as it stands on the command line. */
typedef struct
{
  const Option *option;
  const char   *value;  /* NULL: none given with it */
} Argument;

/* `--name`, `--name=value`, `-n` and `-nvalue`. */
static Argument
look_up (const char *word)
{
  Argument argument = { NULL };
  gsize length;

  if (word[0] != '-' || word[1] == '\0')
    return argument;
  length = strcspn (word, "=");
  for (guint i = 0; i < G_N_ELEMENTS (options) && argument.option == NULL; i++)
    if (word[1] == '-')
      {
        if (strlen (options[i].name) == length - 2
            && strncmp (options[i].name, word + 2, length - 2) == 0)
          argument = (Argument) { &options[i], word[length] == '=' ? word + length + 1 : NULL };
      }
    else if (options[i].letter == word[1])
      argument = (Argument) { &options[i], word[2] != '\0' ? word + 2 : NULL };

  return argument;
}

static gboolean G_GNUC_PRINTF (2, 3)
set_error (GError     **error,
           const char  *format,
           ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, message);

  return FALSE;
}

static gboolean
set_first (GmOptions   *self,
           const char  *text,
           GError     **error)
{
  if (!g_ascii_string_to_unsigned (text, 10, 1, G_MAXINT64, &self->first, NULL))
    return set_error (error, "--first=%s: expected a whole number from 1 up", text);

  return TRUE;
}

static gboolean
set_resume (GmOptions       *self,
            const Argument  *argument,
            GError         **error)
{
  if (self->resume != NULL)
    return set_error (error, "--%s=%s: one run at a time", argument->option->name, argument->value);
  self->resume = argument->value;
  self->retry_failed = argument->option->kind == OPTION_RETRY;

  return TRUE;
}

/* RUN, or RUN:N; the path of a run may have colons. */
static gboolean
set_run (GmOptions       *self,
         const Argument  *argument,
         GError         **error)
{
  const char *colon = strrchr (argument->value, ':');

  if (self->run != NULL)
    return set_error (error, "--%s=%s: one run at a time, and one thing to do with it",
                      argument->option->name, argument->value);
  self->mode = argument->option->mode;
  if (self->mode != GM_MODE_RESIZE)
    self->run = g_strdup (argument->value);
  else if (colon == NULL || colon == argument->value
           || !g_ascii_string_to_unsigned (colon + 1, 10, 1, G_MAXINT32, &self->processes, NULL))
    return set_error (error, "--resize=%s: expected a run and a number of workers: RUN:N",
                      argument->value);
  else
    self->run = g_strndup (argument->value, colon - argument->value);
  if (*self->run == '\0')
    return set_error (error, "--%s: expected a run", argument->option->name);

  return TRUE;
}

static gboolean
apply (GmOptions       *self,
       const Argument  *argument,
       GError         **error)
{
  const Option *option = argument->option;

  switch (option->kind)
    {
    case OPTION_HEADLESS:
      return TRUE;
    case OPTION_JOB:
      g_array_append_val (self->overrides, ((GmOverride) { option->key, argument->value }));
      return TRUE;
    case OPTION_MODE:
      self->mode = option->mode;
      return TRUE;
    case OPTION_RUN:
      return set_run (self, argument, error);
    case OPTION_JSON:
      self->json = TRUE;
      return TRUE;
    case OPTION_QUIET:
      self->quiet = TRUE;
      return TRUE;
    case OPTION_RUN_DIR:
      if (*argument->value == '\0')
        return set_error (error, "--run-dir=: expected a folder");
      self->run_dir = argument->value;
      return TRUE;
    case OPTION_FIRST:
      return set_first (self, argument->value, error);
    case OPTION_REUSE:
      self->reuse = argument->value;
      return TRUE;
    case OPTION_JOBLOG:
      self->joblog = argument->value;
      return TRUE;
    case OPTION_RESUME:
    case OPTION_RETRY:
      return set_resume (self, argument, error);
    default:
      g_return_val_if_reached (FALSE);
    }
}

/* The options and the job file, as far as "--". Returns: (nullable): what follows that */
static char **
parse_words (GmOptions  *self,
             char      **word,
             gboolean   *headless,
             GError    **error)
{
  for (; *word != NULL && strcmp (*word, "--") != 0; word++)
    {
      Argument argument = look_up (*word);

      if (argument.option == NULL && **word == '-')
        {
          set_error (error, "%s: there is no such option; \"gtk-mp --help\" lists them", *word);
          return NULL;
        }
      if (argument.option == NULL)
        {
          if (self->file != NULL)
            {
              set_error (error, "%s: one job file at a time; to run a command, write -- before it",
                         *word);
              return NULL;
            }
          self->file = *word;
          continue;
        }
      if (argument.option->value == NULL && argument.value != NULL)
        {
          set_error (error, "%s: --%s takes no value", *word, argument.option->name);
          return NULL;
        }
      if (argument.option->value != NULL && argument.value == NULL)
        argument.value = *++word;
      if (argument.option->value != NULL && argument.value == NULL)
        {
          set_error (error, "--%s: the value is missing: --%s=%s", argument.option->name,
                     argument.option->name, argument.option->value);
          return NULL;
        }
      *headless |= argument.option->kind == OPTION_HEADLESS;
      if (!apply (self, &argument, error))
        return NULL;
      if (self->mode >= GM_MODE_VERSION)
        break;
    }

  return word;
}

/**
 * gm_options_wanted:
 * @argv: a command line
 *
 * Returns: %TRUE if it has an option of the headless face, so that no window is wanted
 */
gboolean
gm_options_wanted (char **argv)
{
  for (argv++; *argv != NULL && strcmp (*argv, "--") != 0; argv++)
    if (look_up (*argv).option != NULL)
      return TRUE;

  return FALSE;
}

/**
 * gm_options_parse:
 * @self: (out caller-allocates): where the wishes go; clear it afterwards in any case
 * @argv: a command line
 * @error: return location for an error, which names the option
 *
 * Reads the words of the command line. The values of options that stand for keys of the job file
 * are not looked at here.
 *
 * Returns: %FALSE if it can't be understood, with #G_OPTION_ERROR
 */
gboolean
gm_options_parse (GmOptions  *self,
                  char      **argv,
                  GError    **error)
{
  gboolean headless = FALSE;
  char **rest;

  *self = (GmOptions) { .overrides = g_array_new (FALSE, FALSE, sizeof (GmOverride)) };
  rest = parse_words (self, argv + 1, &headless, error);
  if (rest == NULL)
    return FALSE;
  if (self->mode >= GM_MODE_VERSION)
    return TRUE;

  if ((self->run != NULL || self->resume != NULL || self->mode == GM_MODE_LIST)
      && (self->file != NULL || *rest != NULL))
    return set_error (error, "%s: what is asked for is about a run that there is: it takes no job",
                      self->file != NULL ? self->file : *rest);
  if (self->run != NULL || self->mode == GM_MODE_LIST)
    return TRUE;
  if (!headless && self->mode == GM_MODE_RUN)
    return set_error (error, "to run a job here, write --headless; without options gtk-mp opens it "
                             "in a window");
  if (self->resume != NULL && self->run_dir != NULL)
    return set_error (error, "--run-dir=%s: the run that is gone on with has its folder already",
                      self->run_dir);
  if (self->resume != NULL && self->reuse != NULL)
    return set_error (error, "--reuse=%s: that is for a new run; one that is gone on with keeps "
                             "what it has", self->reuse);
  if (self->resume != NULL)
    return TRUE;
  if (*rest != NULL && self->file != NULL)
    return set_error (error, "%s: a job file and a command after -- exclude each other",
                      self->file);
  if (*rest != NULL && (rest[1] == NULL || strcmp (rest[1], ":::") == 0))
    return set_error (error, "there is no command after --");
  if (*rest == NULL && self->file == NULL)
    return set_error (error, "there is no job: name a job file, or write -- and a command");
  self->words = *rest != NULL ? rest + 1 : NULL;

  return TRUE;
}

/**
 * gm_options_clear:
 * @self: options
 *
 * Frees what gm_options_parse() made.
 */
void
gm_options_clear (GmOptions *self)
{
  g_clear_pointer (&self->overrides, g_array_unref);
  g_clear_pointer (&self->run, g_free);
}

/**
 * gm_options_help:
 *
 * Returns: (transfer full): what `--help` prints
 */
char *
gm_options_help (void)
{
  GString *text = g_string_new (
    "gtk-mp [FILE…]\n"
    "    opens job files in a window\n"
    "gtk-mp --headless [OPTION…] JOB.mpjob\n"
    "    runs a job file here\n"
    "gtk-mp --headless [OPTION…] -- COMMAND [ARG…] [::: INPUT…]…\n"
    "    runs a command for each input; several lists of inputs give every combination,\n"
    "    without one the lines of standard input are the inputs. In the command {} stands for\n"
    "    the input, {.} {/} {//} {/.} for parts of a path, {1} {2} for inputs of several lists,\n"
    "    {#} for the number of the input, {%} for that of the worker\n"
    "RUN is the id of a run, a prefix of it that is enough, \"last\", or a path with a slash\n"
    "\n");

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    {
      const Option *option = &options[i];
      g_autofree char *form = NULL;

      form = g_strconcat ("--", option->name, option->value != NULL ? "=" : "", option->value,
                          NULL);
      if (option->letter != 0)
        g_string_append_printf (text, "  -%c, %-20s  %s\n", option->letter, form, option->help);
      else
        g_string_append_printf (text, "      %-20s  %s\n", form, option->help);
    }
  g_string_append (text,
    "\n"
    "Exit codes: 0 every item ok; 1 some item is not; 2 bad usage, job or inputs, nothing ran;\n"
    "124 the job's timeout passed; 125 gtk-mp itself failed; 129, 130, 141, 143 ended by SIGHUP,\n"
    "SIGINT, a reader of the output that went away, SIGTERM.\n");

  return g_string_free (text, FALSE);
}
